import { z } from '@hono/zod-openapi';
import { Forbidden, may, mayActIn } from '../../capabilities/access/index.ts';
import { type Connections, connectionErrors } from '../../capabilities/credentials/index.ts';
import { NotFound } from '../../kernel/errors.ts';
import { subjectBehind } from '../../kernel/principal.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface ConnectionRoutesDeps {
  connections: Pick<Connections, 'list' | 'invite' | 'remove'>;
}

const connection = z
  .object({
    upstream: z.string(),
    subject: z.string().openapi({ description: 'Whose it is: `user:<id>`, `key:<id>` or `service:<id>`' }),
    who: z.string().openapi({ description: 'What people call whoever it is of' }),
    account: z.string().optional().openapi({ description: 'What the provider calls the account, where it says so' }),
    scopes: z.array(z.string()),
    state: z.enum(['connected', 'expired', 'refused', 'needs_sign_in']),
    reason: z.string().optional().openapi({ description: 'Why it is not connected' }),
    expiresAt: schemas.timeMs.optional().openapi({ description: 'When its token runs out' }),
    renews: z.boolean().openapi({ description: 'Whether it is renewed by itself before' }),
    warning: z.string().optional().openapi({ description: 'What will soon have to be done' }),
    connectedAt: schemas.timeMs,
    lastUsedAt: schemas.timeMs.optional(),
    lastRefreshedAt: schemas.timeMs.optional(),
  })
  .openapi('Connection');

const example = {
  upstream: 'tickets',
  subject: 'user:usr_06exw4v5d0tq8m2k9r7h3n1c5b',
  who: 'Kim',
  account: 'kim@example.com',
  scopes: ['read', 'write'],
  state: 'connected',
  expiresAt: 1_795_222_800_000,
  renews: true,
  connectedAt: 1_795_219_200_000,
};

const upstreamParams = z.object({ upstream: z.string().min(1).max(24) });
const named = (code: string) => connectionErrors.filter((each) => each.code === code);

/** Accounts of people at upstreams: their own for everybody, those of all for who administers users. */
export function connectionRoutes({ connections }: ConnectionRoutesDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/connections',
      tag: 'Connections',
      summary: 'List connections',
      description:
        'Your own accounts at upstreams, how they are and when they end; with `all=true` and the scope `users:write` ' +
        'those of everybody in the organisation. Never a token.',
      inOrg: true,
      query: z.object({
        all: z.enum(['true', 'false']).optional().openapi({ description: 'Those of everybody' }),
      }),
      answers: {
        200: {
          description: 'The connections',
          schema: z.object({ connections: z.array(connection) }),
          example: { connections: [example] },
        },
      },
      async handle({ principal, org, query }) {
        const all = query.all === 'true';
        if (all && !may(principal, 'users:write')) throw Forbidden({ scope: 'users:write' });
        const of = all ? {} : { subject: subjectBehind(principal) };
        const found = await connections.list(all ? org : principal.org, of);
        return ok({ connections: found.map(({ org: _, ...shown }) => shown) });
      },
    }),
    route({
      scope: 'tools:call',
      method: 'post',
      path: '/api/v1/connections/{upstream}',
      tag: 'Connections',
      summary: 'Connect an account',
      description:
        'Gives the link by which you connect your account at an upstream, or another one in its place: open it in a browser. ' +
        'A person has to be signed in there; the link of a key is good for whoever has it, so show it to nobody.',
      params: upstreamParams,
      answers: {
        201: {
          description: 'The link',
          schema: z.object({ id: z.string(), link: z.string(), expiresAt: schemas.timeMs }),
          example: {
            id: 'con_06exw4v5d0tq8m2k9r7h3n1c5b',
            link: 'https://fairlead.example.com/auth/connections/start?id=con_...&ticket=...',
            expiresAt: 1_795_220_100_000,
          },
        },
      },
      errors: [...named('UPSTREAM_NOT_PERSONAL'), ...named('CONNECTION_FOR_PEOPLE')],
      act: { action: 'connections.ask', subject: ({ params }) => params.upstream },
      async handle({ principal, params }) {
        return { status: 201, body: await connections.invite(principal.org, params.upstream, principal) };
      },
    }),
    route({
      scope: 'tools:call',
      method: 'delete',
      path: '/api/v1/connections/{upstream}',
      tag: 'Connections',
      summary: 'Remove a connection',
      description:
        'Forgets your account at an upstream, and ends its tokens at the provider where that has a revocation endpoint ' +
        '(`revoked`). With `subject` and the scope `users:write` that of somebody else.',
      inOrg: true,
      params: upstreamParams,
      query: z.object({ subject: z.string().max(200).optional() }),
      answers: {
        200: {
          description: 'Removed',
          schema: z.object({ revoked: z.boolean() }),
          example: { revoked: true },
        },
      },
      errors: [NotFound],
      act: {
        action: 'connections.remove',
        subject: ({ params }) => params.upstream,
        detail: ({ principal, query }) => ({
          connection: query.subject ?? subjectBehind(principal),
        }),
      },
      async handle({ principal, org, params, query }) {
        const own = subjectBehind(principal);
        const subject = query.subject ?? own;
        if (subject !== own && !(may(principal, 'users:write') && mayActIn(principal, org)))
          throw Forbidden({ scope: 'users:write' });
        return ok(
          await connections.remove(subject === own ? principal.org : org, { upstream: params.upstream, subject }),
        );
      },
    }),
  ];
}
