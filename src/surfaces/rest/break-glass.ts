import { z } from '@hono/zod-openapi';
import {
  type Access,
  activationInput,
  InvalidCredential,
  RightsExceeded,
  sealInput,
} from '../../capabilities/access/index.ts';
import { NotFound } from '../../kernel/errors.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

const params = z.strictObject({
  id: z.string().min(1).max(100).openapi({ example: 'bg_06exw4v5d0tq8m2k9r7h3n1c5b' }),
});
const credential = z
  .object({
    id: z.string(),
    kind: z.enum(['sealed', 'active']).openapi({ description: 'Waits in its envelope, or opens administration' }),
    name: z.string(),
    createdBy: z.string(),
    createdAt: schemas.timeMs,
    expiresAt: schemas.timeMs.optional(),
    lastUsedAt: schemas.timeMs.optional(),
    endedAt: schemas.timeMs.optional(),
    reason: z.string().optional(),
  })
  .openapi('BreakGlassCredential');
const made = z.object({ credential, secret: z.string() });
const example = {
  id: 'bg_06exw4v5d0tq8m2k9r7h3n1c5b',
  kind: 'sealed',
  name: 'safe in the office',
  createdBy: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5a',
  createdAt: 1_795_219_200_000,
};
const idOf = (body: unknown) => (body as { credential: { id: string } } | undefined)?.credential.id;

/** A credential in an envelope, for when nobody gets in any other way. */
export function breakGlassRoutes({ access }: { access: Pick<Access, 'breakGlass'> }): Route[] {
  const common = { tag: 'Break-glass', scope: 'orgs:write' } as const;
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/break-glass',
      summary: 'List break-glass credentials',
      description: 'Sealed ones and accesses that they were exchanged for, the ended ones too, newest first.',
      answers: {
        200: {
          description: 'The credentials, without their secrets',
          schema: z.object({ credentials: z.array(credential) }),
          example: { credentials: [example] },
        },
      },
      handle: async () => ok({ credentials: await access.breakGlass.list() }),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/break-glass',
      summary: 'Create a break-glass credential',
      description:
        'Its secret stands in this answer and nowhere else. It opens nothing by itself: whoever has it exchanges it, once ' +
        'and with a reason, for access to administration. Made only by who may do everything.',
      body: sealInput,
      bodyExample: { name: 'safe in the office' },
      answers: {
        201: {
          description: 'The credential, and its secret this once',
          schema: made,
          example: { credential: example, secret: 'flbg_...' },
        },
      },
      errors: [RightsExceeded],
      act: {
        action: 'break_glass.create',
        subject: ({ body }, answer) => idOf(answer) ?? body.name,
        detail: ({ body }) => ({ ...body }),
      },
      handle: async ({ principal, body }) => ({
        status: 201,
        body: await access.breakGlass.create({ ...body, createdBy: principal }),
      }),
    }),
    route({
      method: 'post',
      path: '/api/v1/break-glass/activate',
      opensSealed: true,
      tag: 'Break-glass',
      summary: 'Use a break-glass credential',
      description:
        'With the sealed credential as the bearer. It counts once; the answer holds a key with the role admin in the default ' +
        'organisation, for an hour unless you say otherwise. That key administers everything and calls no tool. The use is ' +
        'in the log at the level fatal, in the metrics, and with its reason in the audit.',
      body: activationInput,
      bodyExample: { reason: 'the identity provider is down and nobody can sign in' },
      answers: {
        200: {
          description: 'The access, and its key this once',
          schema: made,
          example: {
            credential: { ...example, kind: 'active', expiresAt: 1_795_222_800_000, reason: 'the provider is down' },
            secret: 'flbs_...',
          },
        },
      },
      errors: [InvalidCredential],
      act: {
        action: 'break_glass.activate',
        subject: ({ principal }, answer) => idOf(answer) ?? principal.credential.id,
        detail: ({ body, principal }) => ({ ...body, sealed: principal.credential.id }),
      },
      handle: async ({ principal, body }) => ok(await access.breakGlass.activate(principal, body)),
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/v1/break-glass/{id}',
      summary: 'End a break-glass credential',
      description: 'Ends an access, or destroys a sealed credential, on every replica within a second.',
      params,
      answers: { 204: { description: 'Ended' } },
      errors: [NotFound],
      act: { action: 'break_glass.end', subject: ({ params: { id } }) => id },
      async handle({ params: { id } }) {
        await access.breakGlass.end(id);
        return { status: 204 };
      },
    }),
  ];
}
