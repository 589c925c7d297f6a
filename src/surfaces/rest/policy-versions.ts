import { z } from '@hono/zod-openapi';
import { type Policy, policyErrors, type StoredPolicy } from '../../capabilities/policy/index.ts';
import { InvalidRequest, NotFound } from '../../kernel/errors.ts';
import { difference } from './policy-rehearsals.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

const numbers = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number);
const params = z.strictObject({ number: numbers.openapi({ type: 'integer', example: 3 }) });

/** What was rehearsed is what is made. */
export const ifMatch = z.object({
  'if-match': z.string().max(200).optional().openapi({
    description: 'The ETag of a rehearsal of this very change: it is refused where anything differs by now',
  }),
});

const policySet = z
  .object({
    number: z.int(),
    members: z.record(z.string(), z.int()).openapi({ description: 'Versions of the policies by name' }),
    digest: z.string().openapi({ description: 'Over names and texts: equal for equal sets' }),
    change: z.string().openapi({ description: 'What was done, such as `save no-writes`' }),
    savedBy: z.string(),
    savedAt: schemas.timeMs,
  })
  .openapi('PolicySet');
const texts = z.array(z.object({ name: z.string(), version: z.int(), text: z.string() }));

const example = {
  number: 3,
  members: { 'no-writes': 2 },
  digest: 'sha256:5f8f0c7b5d9d6c7e3a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778',
  change: 'save no-writes',
  savedBy: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5b',
  savedAt: 1_795_219_200_000,
};
const exampleText = 'forbid (principal, action, resource) when { context.environment == "prod" };';

/** An organisation's own policies as they stood together after each change. */
export function policyVersionRoutes({ policy }: { policy: Pick<Policy, 'store'> }): Route[] {
  const common = { tag: 'Policies', inOrg: true } as const;
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/policy-versions',
      summary: 'List versions of the policies',
      description:
        "All of an organisation's own policies as they stood after each change, newest first. A decision's record names one as `policySet`.",
      scope: 'policies:read',
      query: z.strictObject({
        before: numbers.optional().openapi({ type: 'integer', description: 'Only those before this number' }),
        limit: numbers.optional().openapi({ type: 'integer', description: 'At most 200' }),
      }),
      answers: {
        200: {
          description: 'A page',
          schema: z.object({ versions: z.array(policySet) }),
          example: { versions: [example] },
        },
      },
      handle: async ({ org, query: { before, limit } }) =>
        ok({ versions: await policy.store.sets(org, before, limit) }),
    }),
    route({
      ...common,
      method: 'get',
      path: '/api/v1/policy-versions/{number}',
      summary: 'Get a version of the policies',
      description: 'The policies of one version, with their texts.',
      scope: 'policies:read',
      params,
      answers: {
        200: {
          description: 'The version',
          schema: z.object({ version: policySet, policies: texts }),
          example: { version: example, policies: [{ name: 'no-writes', version: 2, text: exampleText }] },
        },
      },
      errors: [NotFound],
      async handle({ org, params: { number } }) {
        const { set, policies } = await policy.store.set(org, number);
        return ok({ version: set, policies: policies.map(({ name, version, text }) => ({ name, version, text })) });
      },
    }),
    route({
      ...common,
      method: 'get',
      path: '/api/v1/policy-versions/{number}/differences',
      summary: 'Compare versions of the policies',
      description: 'What differs from another version, policy by policy. 0 is before anything was saved.',
      scope: 'policies:read',
      params,
      query: z.strictObject({
        from: numbers.optional().openapi({ type: 'integer', description: 'The older one; the one before when absent' }),
      }),
      answers: {
        200: {
          description: 'Policies that differ, with both texts',
          schema: z.object({ from: z.int(), to: z.int(), differences: z.array(difference) }),
          example: { from: 2, to: 3, differences: [{ name: 'no-writes', after: exampleText }] },
        },
      },
      errors: [NotFound],
      async handle({ org, params: { number }, query: { from = Math.max(0, number - 1) } }) {
        const textsOf = async (of: number) => (of === 0 ? [] : (await policy.store.set(org, of)).policies);
        return ok({ from, to: number, differences: differencesOf(await textsOf(from), await textsOf(number)) });
      },
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/policy-versions/{number}/restore',
      summary: 'Roll back to a version of the policies',
      description: 'Puts all policies as they stood in force again, as a new version.',
      scope: 'policies:write',
      params,
      headers: ifMatch,
      answers: { 200: { description: 'The new version', schema: policySet, example } },
      errors: [NotFound, InvalidRequest, ...policyErrors],
      act: { action: 'policies.rollBack', subject: ({ params: { number } }) => String(number) },
      handle: async ({ principal, org, params: { number }, headers }) =>
        ok(await policy.store.rollBack(org, number, principal.id, headers['if-match'])),
    }),
  ];
}

function differencesOf(before: readonly StoredPolicy[], after: readonly StoredPolicy[]) {
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort();
  return names.flatMap((name) => {
    const [older, newer] = [before, after].map((list) => list.find((each) => each.name === name)?.text);
    if (older === newer) return [];
    return [
      { name, ...(older === undefined ? {} : { before: older }), ...(newer === undefined ? {} : { after: newer }) },
    ];
  });
}
