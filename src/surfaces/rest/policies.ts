import { z } from '@hono/zod-openapi';
import {
  PoliciesChanged,
  PoliciesNotLoaded,
  type Policy,
  PolicyShipped,
  policyErrors,
} from '../../capabilities/policy/index.ts';
import { NotFound } from '../../kernel/errors.ts';
import { ifMatch } from './policy-versions.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

const nameParams = z.strictObject({
  // Its address is taken by the schema of all policies.
  name: z
    .string()
    .min(1)
    .max(100)
    .refine((name) => name !== 'schema', 'must be another one')
    .openapi({ example: 'no-writes' }),
});

const version = z
  .object({
    name: z.string(),
    version: z.int(),
    text: z.string().nullable().openapi({ description: 'Cedar; null in the version that removed it' }),
    digest: z.string(),
    savedBy: z.string(),
    savedAt: schemas.timeMs,
  })
  .openapi('PolicyVersion');
const policy = version.extend({ text: z.string().openapi({ description: 'Cedar' }) }).openapi('Policy');
const fault = z
  .object({ line: z.int().optional(), column: z.int().optional(), message: z.string() })
  .openapi('PolicyFault');
const saved = policy
  .extend({ warnings: z.array(fault).openapi({ description: 'What is allowed and hardly meant' }) })
  .openapi('SavedPolicy');
const rule = z
  .object({
    name: z.string(),
    origin: z.string().optional(),
    effect: z.enum(['permit', 'forbid']),
    description: z.string().optional(),
    line: z.int().openapi({ description: 'Where it begins in its text, counted from 1' }),
    text: z.string(),
  })
  .openapi('Rule');
const textBody = z.strictObject({
  text: z
    .string()
    .max(1024 * 1024)
    .openapi({ description: 'Cedar' }),
});

const exampleText = 'forbid (principal, action, resource) when { context.environment == "prod" };';
const examplePolicy = {
  name: 'no-writes',
  version: 2,
  text: exampleText,
  digest: 'sha256:5f8f0c7b5d9d6c7e3a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778',
  savedBy: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5b',
  savedAt: 1_795_219_200_000,
};
const exampleSaved = { ...examplePolicy, warnings: [] };

/** An organisation's own Cedar policies, beside those that all share. */
export function policyRoutes({ policy: door }: { policy: Pick<Policy, 'store' | 'check' | 'describe'> }): Route[] {
  const subjectOf = ({ params }: { params: { name: string } }) => params.name;
  return [
    route({
      method: 'get',
      path: '/api/v1/policies',
      tag: 'Policies',
      summary: 'List policies',
      description: "An organisation's own policies, and every rule that is in force for it, shared ones included.",
      scope: 'policies:read',
      inOrg: true,
      answers: {
        200: {
          description: 'Policies and rules',
          schema: z.object({
            policies: z.array(policy),
            inForce: z.object({
              version: z.string(),
              set: z
                .int()
                .optional()
                .openapi({ description: "Number of the organisation's own policies as they stand together" }),
              shared: z.string().optional().openapi({
                description: 'Version of the rules that all organisations share: shipped, and of the folder',
              }),
              rules: z.array(rule),
              reason: z.string().optional().openapi({ description: 'Why there are no rules: everything is denied' }),
            }),
          }),
          example: { policies: [examplePolicy], inForce: { version: examplePolicy.digest, rules: [] } },
        },
      },
      async handle({ org }) {
        const { schema: _, ...inForce } = door.describe(org);
        return ok({ policies: await door.store.list(org), inForce });
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/policies/schema',
      tag: 'Policies',
      summary: 'Get the policy schema',
      description: 'The Cedar schema that policies are checked against: what they can read.',
      scope: 'policies:read',
      answers: {
        200: {
          description: 'The schema',
          schema: z.object({ schema: z.string() }),
          example: { schema: 'entity Principal in [Role] = { ... };' },
        },
      },
      handle: ({ principal }) => ok({ schema: door.describe(principal.org).schema }),
    }),
    route({
      method: 'post',
      path: '/api/v1/policies/check',
      tag: 'Policies',
      summary: 'Check a policy',
      description: 'Whether a text would be saved, and what is wrong with it otherwise. Nothing is changed.',
      scope: 'policies:write',
      body: textBody,
      bodyExample: { text: exampleText },
      answers: {
        200: {
          description: 'What was found',
          schema: z.object({
            ok: z.boolean(),
            rules: z.array(rule),
            faults: z.array(fault),
            warnings: z.array(fault),
          }),
          example: {
            ok: true,
            rules: [{ name: '#1', effect: 'forbid', line: 1, text: exampleText }],
            faults: [],
            warnings: [],
          },
        },
      },
      handle({ body }) {
        const { rules, faults, warnings } = door.check(body.text);
        return ok({
          ok: faults.length === 0,
          rules: rules.map(({ json: _, ...rule }) => rule),
          faults,
          warnings,
        });
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/policies/{name}',
      tag: 'Policies',
      summary: 'Get a policy',
      description: "One of an organisation's own policies, as it is in force.",
      scope: 'policies:read',
      inOrg: true,
      params: nameParams,
      answers: { 200: { description: 'The policy', schema: policy, example: examplePolicy } },
      errors: [NotFound],
      handle: async ({ org, params }) => ok(await door.store.get(org, params.name)),
    }),
    route({
      method: 'get',
      path: '/api/v1/policies/{name}/history',
      tag: 'Policies',
      summary: "Get a policy's history",
      description: 'Every version of a policy, newest first, removals included.',
      scope: 'policies:read',
      inOrg: true,
      params: nameParams,
      answers: {
        200: {
          description: 'The versions',
          schema: z.object({ versions: z.array(version) }),
          example: { versions: [examplePolicy] },
        },
      },
      errors: [NotFound],
      handle: async ({ org, params }) => ok({ versions: await door.store.history(org, params.name) }),
    }),
    route({
      method: 'put',
      path: '/api/v1/policies/{name}',
      tag: 'Policies',
      summary: 'Save a policy',
      description:
        'Saves a policy as a new version, which counts at once. Checked against the schema first. What it would do to past ' +
        'decisions is told by a rehearsal, whose ETag as If-Match makes sure that what was rehearsed is what is saved.',
      scope: 'policies:write',
      inOrg: true,
      params: nameParams,
      headers: ifMatch,
      body: textBody,
      bodyExample: { text: exampleText },
      answers: { 200: { description: 'Saved', schema: saved, example: exampleSaved } },
      errors: policyErrors,
      act: { action: 'policies.save', subject: subjectOf },
      handle: async ({ principal, org, params, headers, body }) =>
        ok(await door.store.save(org, params.name, body.text, principal.id, headers['if-match'])),
    }),
    route({
      method: 'post',
      path: '/api/v1/policies/{name}/restore',
      tag: 'Policies',
      summary: 'Restore a policy',
      description: 'Puts an older text in force again, as a new version.',
      scope: 'policies:write',
      inOrg: true,
      params: nameParams,
      headers: ifMatch,
      body: z.strictObject({
        version: z
          .int()
          .positive()
          .max(2 ** 31 - 1),
      }),
      bodyExample: { version: 1 },
      answers: { 200: { description: 'Restored', schema: saved, example: exampleSaved } },
      errors: [NotFound, ...policyErrors],
      act: { action: 'policies.restore', subject: subjectOf, detail: ({ body }) => ({ version: body.version }) },
      handle: async ({ principal, org, params, headers, body }) =>
        ok(await door.store.restore(org, params.name, body.version, principal.id, headers['if-match'])),
    }),
    route({
      method: 'delete',
      path: '/api/v1/policies/{name}',
      tag: 'Policies',
      summary: 'Remove a policy',
      description: 'Takes a policy out of force; its history stays.',
      scope: 'policies:write',
      inOrg: true,
      params: nameParams,
      headers: ifMatch,
      answers: { 204: { description: 'Removed' } },
      errors: [NotFound, PolicyShipped, PoliciesChanged, PoliciesNotLoaded],
      act: { action: 'policies.remove', subject: subjectOf },
      async handle({ principal, org, params, headers }) {
        await door.store.remove(org, params.name, principal.id, headers['if-match']);
        return { status: 204 };
      },
    }),
  ];
}
