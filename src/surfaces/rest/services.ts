import { z } from '@hono/zod-openapi';
import {
  may,
  RightsExceeded,
  rolesBeyond,
  rolesCarry,
  rotationInput,
  type Scope,
  scopeNames,
} from '../../capabilities/access/index.ts';
import { type Service, SigninOff, serviceChange, serviceInput } from '../../capabilities/signin/index.ts';
import { Conflict, InvalidRequest, NotFound } from '../../kernel/errors.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
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
    scopes: z.array(z.string()),
    proof: z.enum(['secret', 'key']).openapi({ description: 'How it proves who it is' }),
    createdBy: z.string(),
    createdAt: schemas.timeMs,
    disabled: z.boolean(),
    rotatedAt: schemas.timeMs.optional(),
    lastUsedAt: schemas.timeMs.optional(),
    previous: z
      .object({ until: schemas.timeMs })
      .optional()
      .openapi({ description: 'The secret from before the rotation, while it counts' }),
  })
  .openapi('ServiceAccount');
const example = {
  id: 'svc_06exw4v5d0tq8m2k9r7h3n1c5b',
  org: 'default',
  name: 'nightly build',
  roles: ['developer'],
  scopes: ['tools:read', 'tools:call'],
  proof: 'secret',
  createdBy: 'user:usr_06exw4v5d0tq8m2k9r7h3n1c5b',
  createdAt: 1_795_219_200_000,
  disabled: false,
};

/** Bodies of requests add scopes to what the capability takes, since what there is and may be given is known here. */
const scopes = z
  .array(z.enum(scopeNames))
  .min(1)
  .max(scopeNames.length)
  .describe('What its tokens may be used for; all that its roles carry and you hold when absent');
const creation = serviceInput.extend({ scopes: scopes.optional() });
const changes = serviceChange.extend({ scopes: scopes.optional() });

/** Machines that get tokens by client credentials. */
export function serviceRoutes({ signin }: UsersDeps): Route[] {
  const services = () => {
    if (!signin) throw SigninOff();
    return signin.services;
  };
  const shown = ({ clientId, ...rest }: Service) => ({ id: clientId, ...rest });
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
      handle: async ({ org }) => ok({ services: (await services().list(org)).map(shown) }),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/services',
      summary: 'Create a service account',
      description:
        'Makes an id and a secret for the token endpoint, grant type client_credentials. The secret is in this answer ' +
        'and nowhere else. With `jwks` there is none: the machine signs what it sends (private_key_jwt).',
      body: creation,
      bodyExample: { name: 'nightly build', roles: ['developer'] },
      answers: {
        201: {
          description: 'The service account, and its secret this once',
          schema: z.object({ service, secret: z.string().optional() }),
          example: { service: example, secret: 'fls_...' },
        },
      },
      errors: [SigninOff, InvalidRequest, RightsExceeded],
      act: {
        action: 'services.create',
        subject: ({ body }, made) => (made as { service: { id: string } } | undefined)?.service.id ?? body.name,
        detail: ({ body }) => ({ name: body.name, roles: body.roles, ...(body.jwks ? { proof: 'key' } : {}) }),
        told: (body) => ({ scopes: (body as { service: Service }).service.scopes }),
      },
      async handle({ principal, org, body }) {
        holdsRoles(principal, body.roles);
        const wanted = scopesWithin(principal, org, body.roles, body.scopes);
        const made = await services().create(org, { ...body, scopes: wanted }, principal.id);
        return { status: 201, body: { ...made, service: shown(made.service) } };
      },
    }),
    route({
      ...common,
      method: 'get',
      path: '/api/v1/services/{id}',
      summary: 'Get a service account',
      description: 'One of them, with its scopes and its last use. Never its secret.',
      params,
      answers: { 200: { description: 'The service account', schema: service, example } },
      errors: [SigninOff, NotFound],
      handle: async ({ org, params: { id } }) => ok(shown(await services().get(org, id))),
    }),
    route({
      ...common,
      method: 'put',
      path: '/api/v1/services/{id}',
      summary: 'Change a service account',
      description:
        'Another name, other roles or scopes, other public keys; or `disabled`, with which it is let in no more. Roles and ' +
        '`disabled` count at once for tokens given out before, scopes for those that follow.',
      params,
      body: changes,
      bodyExample: { disabled: true },
      answers: {
        200: {
          description: 'The service account as it is now',
          schema: service,
          example: { ...example, disabled: true },
        },
      },
      errors: [SigninOff, NotFound, Conflict, RightsExceeded],
      act: {
        action: 'services.change',
        subject: ({ params: { id } }) => id,
        detail: ({ body: { jwks, ...change } }) => ({ ...change, ...(jwks ? { keys: jwks.keys.length } : {}) }),
      },
      async handle({ principal, org, params: { id }, body: { scopes: asked, ...change } }) {
        const known = await services().get(org, id);
        const roles = change.roles ?? known.roles;
        const wanted = asked ? scopesWithin(principal, org, roles, asked) : undefined;
        // Roles open what the scopes say, keys and a return all that it had: nobody gives what they do not hold.
        if (change.roles || change.jwks || change.disabled === false) {
          holdsRoles(principal, [...roles, ...known.roles]);
          holdsAllOf(principal, [...known.scopes, ...(wanted ?? [])]);
        }
        return ok(shown(await services().change(org, id, { ...change, ...(wanted ? { scopes: wanted } : {}) })));
      },
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/services/{id}/rotate',
      summary: 'Give a service account a new secret',
      description:
        'The new secret counts at once and stands in this answer and nowhere else; the old one counts for the overlap ' +
        'beside it. Whoever rotates must hold the scopes of the account.',
      params,
      body: rotationInput,
      bodyExample: { overlapMs: 86_400_000 },
      answers: {
        200: {
          description: 'The service account, and its new secret this once',
          schema: z.object({ service, secret: z.string() }),
          example: { service: { ...example, previous: { until: 1_795_305_600_000 } }, secret: 'fls_...' },
        },
      },
      errors: [SigninOff, NotFound, Conflict, RightsExceeded],
      act: {
        action: 'services.rotate',
        subject: ({ params: { id } }) => id,
        detail: ({ body }) => ({ overlapMs: body.overlapMs }),
      },
      async handle({ principal, org, params: { id }, body }) {
        const known = await services().get(org, id);
        holdsRoles(principal, known.roles);
        holdsAllOf(principal, known.scopes);
        const made = await services().rotate(org, id, body.overlapMs);
        return ok({ ...made, service: shown(made.service) });
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

const holds = (principal: Principal, scope: Scope) => may(principal, scope) || may(principal, '*');

/** Nobody hands out more than they may do themselves: a key with a few scopes makes a machine with as many. */
function scopesWithin(principal: Principal, org: OrgId, roles: readonly string[], asked?: readonly Scope[]): Scope[] {
  const carried = scopeNames.filter((scope) => rolesCarry(roles, org, scope));
  if (!asked) return carried.filter((scope) => holds(principal, scope));
  const useless = asked.filter((scope) => !carried.includes(scope));
  if (useless.length > 0)
    throw InvalidRequest({ faults: `scopes: the roles ${roles.join(', ')} do not carry ${useless.join(', ')} here` });
  holdsAllOf(principal, asked);
  return [...new Set(asked)];
}

function holdsRoles(principal: Principal, roles: readonly string[]): void {
  const excess = rolesBeyond(principal.roles, roles as Parameters<typeof rolesBeyond>[1]);
  if (excess.length > 0) throw RightsExceeded({ excess: `role ${[...new Set(excess)].join(', ')}` });
}

function holdsAllOf(principal: Principal, scopes: readonly string[]): void {
  const excess = scopes.filter((scope) => !holds(principal, scope as Scope));
  if (excess.length > 0) throw RightsExceeded({ excess: `scope ${excess.join(', ')}` });
}
