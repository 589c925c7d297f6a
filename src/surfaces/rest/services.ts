import { z } from '@hono/zod-openapi';
import { may, rolesCarry, type Scope, scopeNames } from '../../capabilities/access/index.ts';
import { type Signin, SigninOff, serviceInput } from '../../capabilities/signin/index.ts';
import { NotFound } from '../../kernel/errors.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';
import type { UsersDeps } from './users.ts';

const params = z.strictObject({
  id: z.string().min(1).max(100).openapi({ example: 'svc_06exw4v5d0tq8m2k9r7h3n1c5b' }),
});

const service = z
  .object({
    id: z.string(),
    org: z.string(),
    name: z.string(),
    roles: z.array(z.string()),
    createdBy: z.string(),
    createdAt: schemas.timeMs,
  })
  .openapi('ServiceAccount');
const example = {
  id: 'svc_06exw4v5d0tq8m2k9r7h3n1c5b',
  org: 'default',
  name: 'nightly build',
  roles: ['developer'],
  createdBy: 'user:usr_06exw4v5d0tq8m2k9r7h3n1c5b',
  createdAt: 1_795_219_200_000,
};

/** Machines that get tokens by client credentials. */
export function serviceRoutes({ signin }: UsersDeps): Route[] {
  const services = () => {
    if (!signin) throw SigninOff();
    return signin.services;
  };
  const shown = ({ clientId, ...rest }: ReturnType<Signin['services']['list']>[number]) => ({ id: clientId, ...rest });
  const common = { tag: 'Users', scope: 'users:write', inOrg: true } as const;
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/services',
      summary: 'List service accounts',
      description: 'Machines of an organisation that get tokens by client credentials. Never their secrets.',
      answers: {
        200: {
          description: 'The service accounts',
          schema: z.object({ services: z.array(service) }),
          example: { services: [example] },
        },
      },
      errors: [SigninOff],
      handle: ({ org }) => ok({ services: services().list(org).map(shown) }),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/services',
      summary: 'Create a service account',
      description:
        'Makes an id and a secret for the token endpoint, grant type client_credentials. The secret is in this answer ' +
        'and nowhere else.',
      body: serviceInput,
      bodyExample: { name: 'nightly build', roles: ['developer'] },
      answers: {
        201: {
          description: 'The service account, and its secret this once',
          schema: z.object({ service, secret: z.string() }),
          example: { service: example, secret: 'fls_...' },
        },
      },
      errors: [SigninOff],
      act: {
        action: 'services.create',
        subject: ({ body }, made) => (made as { service: { id: string } } | undefined)?.service.id ?? body.name,
        detail: ({ body }) => ({ name: body.name, roles: body.roles }),
      },
      async handle({ principal, org, body }) {
        // Nobody hands out more than they may do themselves: a key with a few scopes makes a machine with as many.
        const all = scopeNames.filter((scope): scope is Scope => rolesCarry(body.roles, org, scope));
        const scopes = all.filter((scope) => may(principal, scope) || may(principal, '*'));
        const made = await services().create(org, { ...body, scopes }, principal.id);
        return { status: 201, body: { service: shown(made.service), secret: made.secret } };
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/v1/services/{id}',
      summary: 'Remove a service account',
      description: 'Its secret and its tokens count no more, on every replica within a second.',
      params,
      answers: { 204: { description: 'Removed' } },
      errors: [SigninOff, NotFound],
      act: { action: 'services.remove', subject: ({ params: { id } }) => id },
      async handle({ org, params: { id } }) {
        await services().remove(org, id);
        return { status: 204 };
      },
    }),
  ];
}
