import { z } from '@hono/zod-openapi';
import { type Access, keyChange, keyInput, RightsExceeded, rotationInput } from '../../capabilities/access/index.ts';
import { Conflict, NotFound } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

const keyParams = z.strictObject({
  id: z.string().min(1).max(100).openapi({ example: 'key_06exw4v5d0tq8m2k9r7h3n1c5b' }),
});

const example = {
  id: 'key_06exw4v5d0tq8m2k9r7h3n1c5b',
  org: 'default',
  name: 'build agent',
  roles: ['developer'],
  scopes: ['*'],
  owner: 'Kim',
  createdBy: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5a',
  createdAt: 1_795_219_200_000,
  bootstrap: false,
};

/** API keys. */
export function keyRoutes({ access }: { access: Pick<Access, 'keys'> }): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/keys',
      tag: 'Keys',
      summary: 'List API keys',
      description: 'The keys of an organisation, oldest first, revoked and expired ones too. Never their secrets.',
      scope: 'keys:write',
      inOrg: true,
      answers: {
        200: {
          description: 'The keys',
          schema: z.object({ keys: z.array(schemas.key) }),
          example: { keys: [example] },
        },
      },
      handle: async ({ org }) => ok({ keys: await access.keys.list(org) }),
    }),
    route({
      method: 'post',
      path: '/api/v1/keys',
      tag: 'Keys',
      summary: 'Create an API key',
      description: 'Makes a key with at most the rights of its maker. The secret is in this answer and nowhere else.',
      scope: 'keys:write',
      inOrg: true,
      body: keyInput,
      bodyExample: { name: 'build agent', roles: ['developer'], owner: 'Kim' },
      answers: {
        201: {
          description: 'The key, and its secret this once',
          schema: schemas.createdKey,
          example: { key: example, secret: 'fl_...' },
        },
      },
      errors: [RightsExceeded],
      act: {
        action: 'keys.create',
        subject: ({ body }, made) => (made as { key: { id: string } } | undefined)?.key.id ?? body.name,
        detail: ({ body }) => ({ ...body }) as JsonObject,
      },
      handle: async ({ principal, org, body }) => ({
        status: 201,
        body: await access.keys.create({ ...body, org, createdBy: principal }),
      }),
    }),
    route({
      method: 'get',
      path: '/api/v1/keys/{id}',
      tag: 'Keys',
      summary: 'Get an API key',
      description: 'One key of an organisation, without its secret.',
      scope: 'keys:write',
      inOrg: true,
      params: keyParams,
      answers: { 200: { description: 'The key', schema: schemas.key, example } },
      errors: [NotFound],
      handle: async ({ org, params }) => ok(await access.keys.get(org, params.id)),
    }),
    route({
      method: 'put',
      path: '/api/v1/keys/{id}',
      tag: 'Keys',
      summary: 'Change an API key',
      description: 'Another end, name or owner. What it opens stays as it was made.',
      scope: 'keys:write',
      inOrg: true,
      params: keyParams,
      body: keyChange,
      bodyExample: { expiresAt: 1_803_081_600_000 },
      answers: {
        200: {
          description: 'The key as it is now',
          schema: schemas.key,
          example: { ...example, expiresAt: 1_803_081_600_000 },
        },
      },
      errors: [NotFound, Conflict, RightsExceeded],
      act: {
        action: 'keys.change',
        subject: ({ params }) => params.id,
        detail: ({ body }) => ({ ...body }) as JsonObject,
      },
      handle: async ({ principal, org, params, body }) =>
        ok(await access.keys.change(org, params.id, { ...body, by: principal })),
    }),
    route({
      method: 'post',
      path: '/api/v1/keys/{id}/rotate',
      tag: 'Keys',
      summary: 'Give an API key a new secret',
      description:
        'The new secret counts at once and stands in this answer and nowhere else; the old one counts for the overlap ' +
        'beside it. A second rotation ends an older secret. Whoever rotates must hold what the key opens.',
      scope: 'keys:write',
      inOrg: true,
      params: keyParams,
      body: rotationInput,
      bodyExample: { overlapMs: 86_400_000 },
      answers: {
        200: {
          description: 'The key, and its new secret this once',
          schema: schemas.createdKey,
          example: {
            key: { ...example, rotatedAt: 1_795_219_260_000, previous: { until: 1_795_305_660_000 } },
            secret: 'fl_...',
          },
        },
      },
      errors: [NotFound, Conflict, RightsExceeded],
      act: {
        action: 'keys.rotate',
        subject: ({ params }) => params.id,
        detail: ({ body }) => ({ overlapMs: body.overlapMs }),
      },
      handle: async ({ principal, org, params, body }) =>
        ok(await access.keys.rotate(org, params.id, { by: principal, overlapMs: body.overlapMs })),
    }),
    route({
      method: 'delete',
      path: '/api/v1/keys/{id}',
      tag: 'Keys',
      summary: 'Revoke an API key',
      description: 'Ends a key for good, on every replica within a second. Its record stays.',
      scope: 'keys:write',
      inOrg: true,
      params: keyParams,
      answers: {
        200: {
          description: 'The key, revoked',
          schema: schemas.key,
          example: { ...example, revokedAt: 1_795_219_260_000 },
        },
      },
      errors: [NotFound],
      act: { action: 'keys.revoke', subject: ({ params }) => params.id },
      handle: async ({ org, params }) => ok(await access.keys.revoke(org, params.id)),
    }),
  ];
}
