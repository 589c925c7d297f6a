import { z } from '@hono/zod-openapi';
import { type Limits, limitsErrors } from '../../capabilities/limits/index.ts';
import { limitChoice } from '../../config/schema.ts';
import { NotFound } from '../../kernel/errors.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface LimitRoutesDeps {
  limits: Pick<Limits, 'list' | 'put' | 'remove' | 'state'>;
}

const nameParams = z.strictObject({
  name: z.string().min(1).max(100).openapi({ description: 'As refusals name it', example: 'agents' }),
});
// Checked by the capability, which names all faults of name and settings at once.
const settings = schemas.anyObject;
const documentedSettings = limitChoice.describe('As an entry of `limits` in fairlead.yaml, without name and org');
const exampleSettings = { for: { kinds: ['agent'] }, by: ['principal'], rate: { limit: 60, per: 'minute', burst: 20 } };

const limit = z
  .object({
    name: z.string(),
    source: z.enum(['file', 'runtime']),
    settings: schemas.anyObject,
    changedBy: z.string().optional(),
    changedAt: schemas.timeMs.optional(),
  })
  .openapi('Limit', { description: 'A rule that calls are counted by' });
const exampleLimit = {
  name: 'agents',
  source: 'runtime',
  settings: exampleSettings,
  changedBy: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5b',
  changedAt: 1_795_219_200_000,
};
const named = (code: string) => limitsErrors.filter((kind) => kind.code === code);

/** How often, and how many calls at once. */
export function limitRoutes({ limits }: LimitRoutesDeps): Route[] {
  const common = { tag: 'Limits', inOrg: true } as const;
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/limits',
      summary: 'List limits',
      description:
        'The rules in force for the organisation, those of the file among them. `alone` says that the store of limits ' +
        'does not answer, and that this replica goes by its share of each.',
      scope: 'policies:read',
      answers: {
        200: {
          description: 'The rules, by name',
          schema: z.object({ limits: z.array(limit), alone: z.boolean(), replicas: z.int() }),
          example: { limits: [exampleLimit], alone: false, replicas: 2 },
        },
      },
      handle: ({ org }) => ok({ limits: limits.list(org), ...limits.state() }),
    }),
    route({
      ...common,
      method: 'put',
      path: '/api/v1/limits/{name}',
      summary: 'Add or change a limit',
      description:
        'Adds a rule while the server runs, or replaces one that was added so; on every replica within seconds. What was ' +
        'counted by a rule of that name stays counted.',
      scope: 'policies:write',
      params: nameParams,
      body: z.strictObject({ settings }),
      documentedBody: z.strictObject({ settings: documentedSettings }),
      bodyExample: { settings: exampleSettings },
      answers: { 200: { description: 'In force from now on', schema: limit, example: exampleLimit } },
      errors: [...named('LIMIT_DECLARED'), ...named('TOO_MANY_LIMITS')],
      act: {
        action: 'limits.put',
        subject: ({ params }) => params.name,
        detail: ({ body }) => ({ settings: body.settings as never }),
      },
      handle: async ({ principal, org, params, body }) =>
        ok(await limits.put(org, params.name, body.settings, principal.id)),
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/v1/limits/{name}',
      summary: 'Remove a limit',
      description: 'Removes a rule that was added at run time.',
      scope: 'policies:write',
      params: nameParams,
      answers: { 204: { description: 'Removed' } },
      errors: [NotFound, ...named('LIMIT_DECLARED')],
      act: { action: 'limits.remove', subject: ({ params }) => params.name },
      async handle({ org, params }) {
        await limits.remove(org, params.name);
        return { status: 204 };
      },
    }),
  ];
}
