import { z } from '@hono/zod-openapi';
import type { Access } from '../../capabilities/access/index.ts';
import { type Policy, policyErrors, type RehearsalSpan } from '../../capabilities/policy/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import { InvalidRequest, NotFound } from '../../kernel/errors.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface PolicyRehearsalDeps {
  policy: Pick<Policy, 'rehearsals'>;
  access: Pick<Access, 'require'>;
  clock: Clock;
}

const dayMs = 24 * 60 * 60_000;
const policyName = z.string().min(1).max(100);
const policyText = z
  .string()
  .max(1024 * 1024)
  .openapi({ description: 'Cedar' });

const change = z
  .union([
    z.strictObject({ save: policyName, text: policyText }),
    z.strictObject({ remove: policyName }),
    z.strictObject({ restore: policyName, version: z.int().positive() }),
    z.strictObject({ rollBack: z.int().positive() }),
  ])
  .openapi('PolicyChange');
const time = z
  .union([z.int().min(0), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))])
  .optional();

const body = z.strictObject({
  change: change.optional().openapi({ description: 'A change as it would be made; or' }),
  policies: z
    .array(z.strictObject({ name: policyName, text: policyText }))
    .max(50)
    .optional()
    .openapi({ description: 'All the policies of one layer as they would be' }),
  layer: z.enum(['own', 'folder']).optional().openapi({
    description: 'Whose place `policies` take: those of the organisation, or the folder of this deployment',
  }),
  against: z
    .enum(['recorded', 'current'])
    .optional()
    .openapi({
      description:
        'What the decisions are held against: what was decided then (the default for `policies`), or what the policies in ' +
        'force would decide (always so for `change`)',
    }),
  since: time.openapi({ description: 'Milliseconds since the epoch, or a time; a week ago when absent' }),
  until: time.openapi({ description: 'The same; exclusive; now when absent' }),
  limit: z.int().min(1).max(1_000_000).default(100_000).openapi({ description: 'Most decisions, the newest first' }),
  maxSeconds: z.int().min(1).max(300).default(60),
});

const effect = z.enum(['allow', 'consent', 'deny']);
const changeKinds = ['newlyDenied', 'newlyAllowed', 'consentNeeded', 'consentNoLongerNeeded'] as const;
const rehearsal = z
  .object({
    policyVersion: z.string(),
    against: z.enum(['recorded', 'current']),
    decisions: z.int(),
    unchanged: z.int(),
    changed: z.int(),
    totals: z.record(z.enum(changeKinds), z.int()),
    groups: z.array(
      z.object({
        change: z.enum(changeKinds),
        tool: z.string(),
        principal: z.object({ id: z.string(), name: z.string() }),
        decisions: z.int(),
        before: effect,
        after: effect,
        examples: z.array(
          z.object({
            callId: z.string(),
            at: schemas.timeMs,
            before: z.array(z.string()),
            after: z.array(z.string()),
          }),
        ),
      }),
    ),
    moreGroups: z.int(),
    insufficient: z
      .object({
        decisions: z.int(),
        reasons: z.array(
          z.object({
            path: z.string().optional(),
            reason: z.string(),
            decisions: z.int(),
            tools: z.array(z.string()),
            examples: z.array(z.string()),
          }),
        ),
      })
      .openapi({ description: 'Decisions that cannot be made anew from their records; they are in no other count' }),
    from: schemas.timeMs.optional(),
    until: schemas.timeMs.optional(),
    stopped: z.enum(['limit', 'time']).optional().openapi({ description: 'Why older decisions were not looked at' }),
    durationMs: z.int(),
  })
  .openapi('PolicyRehearsal');
export const difference = z
  .object({ name: z.string(), before: z.string().optional(), after: z.string().optional() })
  .openapi('PolicyDifference');

const version = 'sha256:5f8f0c7b5d9d6c7e3a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778';
const exampleText = 'forbid (principal, action, resource) when { context.environment == "prod" };';
const example = {
  rehearsal: {
    policyVersion: version,
    against: 'current',
    decisions: 1_200,
    unchanged: 1_188,
    changed: 12,
    totals: { newlyDenied: 12, newlyAllowed: 0, consentNeeded: 0, consentNoLongerNeeded: 0 },
    groups: [],
    moreGroups: 0,
    insufficient: { decisions: 0, reasons: [] },
    durationMs: 310,
  },
  plan: {
    set: 3,
    differences: [{ name: 'no-writes', after: exampleText }],
    warnings: [],
    tag: '"3-9b74c9897bac770ffc029102a200c5de"',
  },
};

/** Policies tried on what was decided before. */
export function policyRehearsalRoutes({ policy, access, clock }: PolicyRehearsalDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/policies/rehearsals',
      tag: 'Policies',
      summary: 'Rehearse policies',
      description:
        'Decides past calls anew, as the audit has them, and says which decisions change. Give `policies` to try texts in ' +
        'the place of what is in force, or `change` to see what saving, removing, restoring or rolling back would do: the ' +
        'ETag of the answer, given as If-Match when the change is made, makes sure that what was rehearsed is what is made. ' +
        'Takes audit:read as well. Closing the connection ends it.',
      scope: 'policies:read',
      inOrg: true,
      body,
      bodyExample: { change: { save: 'no-writes', text: exampleText } },
      answers: {
        200: {
          description: 'What would change',
          schema: z.object({
            rehearsal,
            layer: z.enum(['own', 'folder']).optional(),
            plan: z
              .object({
                set: z.int().openapi({ description: 'Number of the policies in force; 0 where none were ever saved' }),
                differences: z.array(difference),
                warnings: z.array(
                  z.object({ line: z.int().optional(), column: z.int().optional(), message: z.string() }),
                ),
                tag: z.string().openapi({ description: 'The ETag' }),
              })
              .optional(),
          }),
          example,
          headers: z.object({ etag: z.string().optional() }),
        },
      },
      errors: [NotFound, ...policyErrors],
      async handle({ c, principal, org, body: asked }) {
        access.require(principal, 'audit:read');
        const { change: wanted, policies, layer, against } = asked;
        const { signal } = c.req.raw;
        const span: RehearsalSpan = {
          since: asked.since ?? clock.now() - 7 * dayMs,
          until: asked.until,
          limit: asked.limit,
          maxMs: asked.maxSeconds * 1_000,
        };
        if ((wanted === undefined) === (policies === undefined))
          throw InvalidRequest({ faults: ['body: give either "change" or "policies"'] });
        if (wanted) {
          if (layer || against === 'recorded')
            throw InvalidRequest({
              faults: ['body: a change is one of the own policies, and held against the current ones'],
            });
          const { plan, rehearsal: done } = await policy.rehearsals.change(org, wanted, span, signal);
          const { set, differences, warnings, tag } = plan;
          return {
            status: 200,
            body: { rehearsal: done, plan: { set, differences, warnings, tag } },
            headers: { etag: tag },
          };
        }
        const { layer: taken, ...done } = await policy.rehearsals.candidate(
          org,
          { policies: policies ?? [], layer, against: against ?? 'recorded', ...span },
          signal,
        );
        return ok({ rehearsal: done, layer: taken });
      },
    }),
  ];
}
