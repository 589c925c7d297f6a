import { z } from '@hono/zod-openapi';
import { type Access, orgInput } from '../../capabilities/access/index.ts';
import { Conflict, NotFound } from '../../kernel/errors.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

const orgParams = z.strictObject({ id: z.string().min(1).max(100).openapi({ example: 'acme' }) });
const example = { id: 'acme', name: 'Acme', createdAt: 1_795_219_200_000 };

/** The tenants. Only an administrator of the default organisation holds the scope for them. */
export function orgRoutes({ access }: { access: Pick<Access, 'orgs'> }): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/orgs',
      tag: 'Organisations',
      summary: 'List organisations',
      description: 'All organisations of this server, by id.',
      scope: 'orgs:write',
      answers: {
        200: {
          description: 'The organisations',
          schema: z.object({ orgs: z.array(schemas.org) }),
          example: { orgs: [example] },
        },
      },
      handle: async () => ok({ orgs: await access.orgs.list() }),
    }),
    route({
      method: 'post',
      path: '/api/v1/orgs',
      tag: 'Organisations',
      summary: 'Create an organisation',
      description: 'Creates a tenant: its keys, upstreams, policies and audit are apart from all others.',
      scope: 'orgs:write',
      body: orgInput,
      bodyExample: { id: 'acme', name: 'Acme' },
      answers: { 201: { description: 'Created', schema: schemas.org, example } },
      errors: [Conflict],
      act: { action: 'orgs.create', subject: ({ body }) => body.id, keptBy: 'actor' },
      handle: async ({ body }) => ({
        status: 201,
        body: await access.orgs.create(body),
        headers: { location: `/api/v1/orgs/${body.id}` },
      }),
    }),
    route({
      method: 'get',
      path: '/api/v1/orgs/{id}',
      tag: 'Organisations',
      summary: 'Get an organisation',
      description: 'One organisation.',
      scope: 'orgs:write',
      params: orgParams,
      answers: { 200: { description: 'The organisation', schema: schemas.org, example } },
      errors: [NotFound],
      handle: async ({ params }) => ok(await access.orgs.get(params.id)),
    }),
    route({
      method: 'delete',
      path: '/api/v1/orgs/{id}',
      tag: 'Organisations',
      summary: 'Purge an organisation',
      description:
        'Removes an organisation with everything that belongs to it, its audit included. There is no way back.',
      scope: 'orgs:write',
      params: orgParams,
      answers: { 204: { description: 'Purged' } },
      errors: [NotFound, Conflict],
      act: { action: 'orgs.purge', subject: ({ params }) => params.id, keptBy: 'actor' },
      async handle({ params }) {
        await access.orgs.purge(params.id);
        return { status: 204 };
      },
    }),
  ];
}
