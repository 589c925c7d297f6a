import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from '@hono/zod-openapi';
import { may } from '../../capabilities/access/index.ts';
import { type Endpoint, type Endpoints, endpointsErrors } from '../../capabilities/endpoints/index.ts';
import { endpointChoice } from '../../config/schema.ts';
import { type Gateway, UnknownEndpoint } from '../../gateway/index.ts';
import { NotFound } from '../../kernel/errors.ts';
import { ownToolset } from '../../kernel/names.ts';
import type { Principal } from '../../kernel/principal.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface EndpointRoutesDeps {
  endpoints: Pick<Endpoints, 'list' | 'put' | 'remove'>;
  gateway: Pick<Gateway, 'list'>;
}

const nameParams = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(100)
    .openapi({ description: 'As it stands in its address, /mcp/<name>', example: 'release' }),
});
// Checked by the capability, which names all faults of name and settings at once.
const settings = schemas.anyObject;
const documentedSettings = endpointChoice.describe('As under `endpoints` in fairlead.yaml');
const exampleSettings = { include: [{ toolsets: ['git'], annotations: { readOnly: true } }], disclosure: 'search' };

const endpoint = z
  .object({
    name: z.string(),
    path: z.string().openapi({ description: 'Where it is served', example: '/mcp/release' }),
    source: z.enum(['file', 'runtime']),
    disclosure: z.enum(['full', 'search']),
    tools: z.int().openapi({ description: 'How many you may call' }),
    anonymous: z.string().optional(),
    settings: schemas.anyObject.optional().openapi({ description: 'With the scope `endpoints:write`' }),
    changedBy: z.string().optional(),
    changedAt: schemas.timeMs.optional(),
  })
  .openapi('Endpoint', { description: 'A named selection of tools' });

const exampleEndpoint = {
  name: 'release',
  path: '/mcp/release',
  source: 'runtime',
  disclosure: 'search',
  tools: 12,
  settings: exampleSettings,
  changedBy: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5b',
  changedAt: 1_795_219_200_000,
};
const named = (code: string) => endpointsErrors.filter((kind) => kind.code === code);

/** Named selections of tools. */
export function endpointRoutes({ endpoints, gateway }: EndpointRoutesDeps): Route[] {
  /** What the caller has there itself; an endpoint of another organisation is seen by who administers it. */
  const toolsFor = (principal: Principal, org: string, name: string): number => {
    if (principal.org !== org) return 0;
    try {
      const { tools } = gateway.list(principal, { endpoint: name, surface: 'rest' });
      return tools.filter(({ item }) => item.toolset !== ownToolset).length;
    } catch (error) {
      if (UnknownEndpoint.is(error)) return 0; // it went away this moment
      throw error;
    }
  };
  const shown = (principal: Principal, org: string, one: Endpoint) => {
    const { settings: all, changedBy, changedAt, ...rest } = one;
    return {
      ...rest,
      path: `/mcp/${one.name}`,
      disclosure: all.disclosure,
      tools: toolsFor(principal, org, one.name),
      ...(may(principal, 'endpoints:write') ? { settings: all, changedBy, changedAt } : {}),
    };
  };

  return [
    route({
      method: 'get',
      path: '/api/v1/endpoints',
      tag: 'Endpoints',
      summary: 'List endpoints',
      description: 'The named endpoints that have something for you; all of them with the scope `endpoints:write`.',
      scope: 'tools:read',
      inOrg: true,
      answers: {
        200: {
          description: 'The endpoints, by name',
          schema: z.object({ endpoints: z.array(endpoint) }),
          example: { endpoints: [exampleEndpoint] },
        },
      },
      async handle({ principal, org }) {
        const all: ReturnType<typeof shown>[] = [];
        for (const one of endpoints.list(org)) {
          all.push(shown(principal, org, one));
          await nextTurn(); // of a catalog that has just changed, each is made anew
        }
        return ok({ endpoints: all.filter(({ tools }) => tools > 0 || may(principal, 'endpoints:write')) });
      },
    }),
    route({
      method: 'put',
      path: '/api/v1/endpoints/{name}',
      tag: 'Endpoints',
      summary: 'Add or change an endpoint',
      description: 'Adds an endpoint while the server runs, or replaces the settings of one that was added so.',
      scope: 'endpoints:write',
      inOrg: true,
      params: nameParams,
      body: z.strictObject({ settings }),
      documentedBody: z.strictObject({ settings: documentedSettings }),
      bodyExample: { settings: exampleSettings },
      answers: { 200: { description: 'There from now on', schema: endpoint, example: exampleEndpoint } },
      errors: [...named('ENDPOINT_DECLARED'), ...named('ENDPOINT_LIMIT')],
      act: { action: 'endpoints.put', subject: ({ params }) => params.name },
      handle: async ({ principal, org, params, body }) =>
        ok(shown(principal, org, await endpoints.put(org, params.name, body.settings, principal.id))),
    }),
    route({
      method: 'delete',
      path: '/api/v1/endpoints/{name}',
      tag: 'Endpoints',
      summary: 'Remove an endpoint',
      description: 'Removes an endpoint that was added at run time.',
      scope: 'endpoints:write',
      inOrg: true,
      params: nameParams,
      answers: { 204: { description: 'Removed' } },
      errors: [NotFound, ...named('ENDPOINT_DECLARED')],
      act: { action: 'endpoints.remove', subject: ({ params }) => params.name },
      async handle({ org, params }) {
        await endpoints.remove(org, params.name);
        return { status: 204 };
      },
    }),
  ];
}
