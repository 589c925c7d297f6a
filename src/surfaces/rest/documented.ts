import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import {
  AccessUnavailable,
  ExpiredCredential,
  Forbidden,
  InvalidCredential,
  MissingCredential,
} from '../../capabilities/access/index.ts';
import { AuditQueueFull, AuditUnavailable } from '../../capabilities/audit/index.ts';
import { type ErrorKind, Internal, InvalidRequest, NotFound, ShuttingDown } from '../../kernel/errors.ts';
import { BodyTooLarge, WrongContentType, WrongFormType } from './errors.ts';
import { orgQuery } from './orgquery.ts';
import type { Answer, Route } from './route.ts';
import { problem } from './schemas.ts';

type Registry = OpenAPIHono['openAPIRegistry'];
type Responses = RouteConfig['responses'];

export const security = 'bearer';

/** Puts a route into the documentation, with everything that it can answer. */
export function document(registry: Registry, route: Route): void {
  const { method, path, tag, summary, description, scope, params, headers, body, bodyExample } = route;
  const query = z.strictObject({ ...route.query?.shape, ...(route.inOrg ? { org: orgQuery } : {}) });
  registry.registerPath({
    method,
    path,
    operationId: operationId(route),
    tags: [tag],
    summary,
    description: scope === undefined ? description : `${description}\n\nNeeds the scope \`${scope}\`.`,
    security: [{ [security]: [] }],
    request: {
      ...(params ? { params } : {}),
      query,
      ...(headers ? { headers } : {}),
      ...(body
        ? {
            body: {
              required: !body.safeParse(undefined).success,
              content: {
                [route.form ? 'multipart/form-data' : 'application/json']: {
                  schema: route.documentedBody ?? body,
                  example: bodyExample,
                },
              },
            },
          }
        : {}),
    },
    responses: { ...answers(route), ...refusals(registry, route) },
  });
}

/** `GET /api/v1/tools/{id}` becomes `getToolsId`. */
function operationId({ method, path }: Route): string {
  const words = path
    .replace('/api/v1/', '')
    .split(/[^A-Za-z]+/)
    .filter(Boolean);
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function answers({ answers }: Route): Responses {
  return Object.fromEntries(
    Object.entries(answers).map(
      ([status, { description, schema, example, contentType, headers }]: [string, Answer]) => [
        status,
        {
          description,
          ...(headers ? { headers } : {}),
          ...(schema ? { content: { [contentType ?? 'application/json']: { schema, example } } } : {}),
        },
      ],
    ),
  );
}

/** By status, each with an example for each error of the catalogue. */
function refusals(registry: Registry, route: Route): Responses {
  const kinds = new Set<ErrorKind>([
    MissingCredential,
    InvalidCredential,
    ExpiredCredential,
    InvalidRequest,
    AccessUnavailable,
    Internal,
    ...(route.scope ? [Forbidden] : []),
    ...(route.inOrg ? [NotFound] : []),
    ...(route.body ? [BodyTooLarge, route.form ? WrongFormType : WrongContentType] : []),
    ...(route.method === 'get' ? [] : [ShuttingDown]),
    ...(route.act ? [AuditQueueFull, AuditUnavailable] : []),
    ...(route.errors ?? []),
  ]);
  const byStatus = Map.groupBy(kinds, ({ spec }) => String(spec.status));
  const documented: Responses = {};
  for (const [status, errors] of byStatus) {
    if (route.answers[Number(status)]) continue; // the answer of a call: its own shape
    documented[status] = {
      description: errors.map(({ code }) => code).join(', '),
      content: {
        'application/problem+json': {
          schema: problem,
          examples: Object.fromEntries(errors.map((kind) => [kind.code, exampleOf(registry, kind)])),
        },
      },
    };
  }
  return documented;
}

/** Kept once in the document, whoever answers with it. */
function exampleOf(registry: Registry, { code, spec }: ErrorKind) {
  const known = registry.definitions.some((each) => each.type === 'component' && each.name === code);
  if (!known) {
    registry.registerComponent('examples', code, {
      value: {
        type: `urn:fairlead:error:${code.toLowerCase()}`,
        title: spec.message,
        status: spec.status,
        code,
        category: spec.category,
        retryable: spec.retryable,
        message: spec.message,
        suggestedAction: spec.action,
      },
    });
  }
  return { $ref: `#/components/examples/${code}` };
}
