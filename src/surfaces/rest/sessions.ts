import { z } from '@hono/zod-openapi';
import type { Access, ApiKey } from '../../capabilities/access/index.ts';
import { type Ended, type Session, SigninOff } from '../../capabilities/signin/index.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { OrgId } from '../../kernel/principal.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';
import type { UsersDeps } from './users.ts';

const id = z.string().min(1).max(100);
const userParams = z.strictObject({ id: id.openapi({ example: 'usr_06exw4v5d0tq8m2k9r7h3n1c5b' }) });
const sessionParams = userParams.extend({
  session: id.openapi({ example: 'ses_06exw4v5d0tq8m2k9r7h3n1c5b' }),
});

const session = z
  .object({
    id: z.string(),
    kind: z.enum(['browser', 'terminal', 'program']).openapi({
      description: 'A browser; `fairlead login` at a terminal; or a program that the person allowed',
    }),
    userId: z.string(),
    createdAt: schemas.timeMs,
    seenAt: schemas.timeMs.openapi({ description: 'When it was last used: up to a day late for a browser' }),
    expiresAt: schemas.timeMs.optional(),
    address: z.string().optional(),
    userAgent: z.string().optional(),
    client: z.object({ id: z.string(), name: z.string().optional() }).optional(),
    scopes: z.array(z.string()).optional(),
    signIns: z.int().optional().openapi({ description: 'How many sign-ins of the program go on' }),
  })
  .openapi('Session');
const example = {
  id: 'ses_06exw4v5d0tq8m2k9r7h3n1c5b',
  kind: 'browser',
  userId: 'usr_06exw4v5d0tq8m2k9r7h3n1c5b',
  createdAt: 1_795_219_200_000,
  seenAt: 1_795_219_200_000,
};
const left = z.object({ id: z.string(), name: z.string() });
const revoked = z
  .object({
    ended: z.record(z.string(), z.int()).openapi({
      description: 'How many there were: browsers, programs, codes, invitations, keys, and what other rooms hold',
    }),
    left: z.object({ keys: z.array(left), services: z.array(left) }).openapi({
      description: 'What the person made that is not theirs and still counts: its secret was shown to them',
    }),
  })
  .openapi('Revoked');

export interface SessionsDeps extends UsersDeps {
  access: { keys: Pick<Access['keys'], 'list'> };
}

/** What people are signed in with, and the end of it. */
export function sessionRoutes({ signin, access }: SessionsDeps): Route[] {
  const on = () => {
    if (!signin) throw SigninOff();
    return signin;
  };
  const common = { scope: 'users:write', inOrg: true, tag: 'Users' } as const;
  const answers = {
    200: {
      description: 'The sessions, oldest first',
      schema: z.object({ sessions: z.array(session) }),
      example: { sessions: [example] },
    },
  };
  async function memberIn(org: OrgId, userId: string): Promise<void> {
    const { roster } = on();
    await roster.wake();
    if (!roster.member(userId, org)) throw NotFound({ what: 'user', id: userId });
  }
  /** Keys and machines whose secret the person saw when they were made, and that go on. */
  async function leftBy(org: OrgId, userId: string) {
    const isTheirs = ({ createdBy }: { createdBy: string }) => createdBy === `user:${userId}`;
    const counts = ({ revokedAt, expiresAt }: ApiKey) =>
      revokedAt === undefined && (expiresAt ?? Infinity) > Date.now();
    const keys = (await access.keys.list(org)).filter((key) => isTheirs(key) && counts(key));
    const services = (await on().services.list(org)).filter((service) => isTheirs(service) && !service.disabled);
    return {
      keys: keys.map(({ id, name }) => ({ id, name })),
      services: services.map(({ clientId, name }) => ({ id: clientId, name })),
    };
  }

  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/sessions',
      summary: 'List sessions',
      description: 'What everybody in an organisation is signed in with: browsers, terminals and programs.',
      answers,
      errors: [SigninOff],
      handle: async ({ org }) => ok({ sessions: await on().sessions.list(org) }),
    }),
    route({
      ...common,
      method: 'get',
      path: '/api/v1/users/{id}/sessions',
      summary: "List a user's sessions",
      description: 'What the person is signed in with: browsers, terminals and programs, these with their scopes.',
      params: userParams,
      answers,
      errors: [SigninOff, NotFound],
      async handle({ org, params }) {
        await memberIn(org, params.id);
        return ok({ sessions: await on().sessions.list(org, params.id) });
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/v1/users/{id}/sessions/{session}',
      summary: 'End a session',
      description: 'A browser, or all sign-ins of a program, with its tokens; on every replica within a second.',
      params: sessionParams,
      answers: { 200: { description: 'What was ended', schema: session, example } },
      errors: [SigninOff, NotFound],
      act: {
        action: 'sessions.revoke',
        subject: ({ params }) => params.id,
        detail: ({ params }) => ({ session: params.session }),
        told: (body) => {
          const { kind, client } = body as Session;
          return { kind, ...(client ? { client: client.name ?? client.id } : {}) };
        },
      },
      handle: async ({ org, params }) => ok(await on().sessions.end(org, params.id, params.session)),
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/v1/users/{id}/sessions',
      summary: 'Sign a user out everywhere',
      description:
        'Ends every browser, terminal, program and token of the person, on every replica within a second. Keys stay: ' +
        '`POST /api/v1/users/{id}/revoke` ends those, too.',
      params: userParams,
      answers: { 204: { description: 'Signed out' } },
      errors: [SigninOff, NotFound],
      act: { action: 'sessions.revoke', subject: ({ params }) => params.id, detail: () => ({ session: 'all' }) },
      async handle({ org, params }) {
        await on().people.revoke(org, params.id);
        return { status: 204 };
      },
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/users/{id}/revoke',
      summary: 'Revoke everything of a user',
      description:
        'In one act: browsers, terminals, programs, tokens, codes, keys that are theirs, connections, and open invitations ' +
        'to them or by them; on every replica within a second. They stay a member, and their password stays: remove them, ' +
        'or let them choose another one, where somebody else may have it.',
      params: userParams,
      answers: {
        200: {
          description: 'What was ended, and what is left to look at',
          schema: revoked,
          example: {
            ended: { browsers: 1, programs: 2, codes: 0, invitations: 0, keys: 1 },
            left: { keys: [], services: [] },
          },
        },
      },
      errors: [SigninOff, NotFound],
      act: {
        action: 'users.revoke',
        subject: ({ params }) => params.id,
        told: (body) => ({ ended: (body as { ended: Ended }).ended }),
      },
      async handle({ org, params }) {
        const ended = await on().revocation.everything(org, params.id);
        return ok({ ended, left: await leftBy(org, params.id) });
      },
    }),
  ];
}
