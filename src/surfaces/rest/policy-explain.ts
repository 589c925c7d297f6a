import { z } from '@hono/zod-openapi';
import { type Access, may } from '../../capabilities/access/index.ts';
import {
  CaseFault,
  caseEnvironment,
  casePrincipal,
  type Policy,
  principalFor,
  readCases,
  runCase,
} from '../../capabilities/policy/index.ts';
import { type Gateway, pseudoTool } from '../../gateway/index.ts';
import { InvalidRequest, NotFound } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { pseudoNames, splitToolId } from '../../kernel/names.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface PolicyExplainDeps {
  policy: Pick<Policy, 'visible' | 'explain'>;
  gateway: Pick<Gateway, 'view'>;
  access: Pick<Access, 'require'>;
  /** Somebody of the organisation by the id that the audit has for them, as they are now. */
  findPrincipal(org: OrgId, id: string): Promise<Principal | undefined>;
}

const effect = z.enum(['allow', 'consent', 'deny']);
const explainedRule = z
  .object({
    name: z.string(),
    effect: z.enum(['permit', 'forbid']),
    source: z.string().openapi({ description: '`shipped`, the file of the folder, or the policy of the organisation' }),
    line: z.int(),
    description: z.string().optional(),
    parts: z
      .array(z.object({ text: z.string(), holds: z.boolean().optional() }))
      .openapi({ description: 'All must hold for the rule to apply; `holds` is absent where it cannot be told' }),
  })
  .openapi('ExplainedRule');
export const explanation = z
  .object({
    decision: effect,
    listed: z.boolean(),
    hiddenBy: z.array(z.string()).optional(),
    policyVersion: z.string(),
    rules: z.array(z.string()),
    errors: z.array(z.string()),
    deciding: z.array(explainedRule),
    lookedAt: z.record(z.string(), z.unknown()),
    toAllow: z.array(
      z.object({ need: z.enum(['forbid', 'permit']), of: z.enum(['call', 'callUnattended']), rule: explainedRule }),
    ),
  })
  .openapi('Explanation');
const caseResult = z
  .object({
    name: z.string(),
    ok: z.boolean(),
    expected: z.object({ decision: effect, rules: z.array(z.string()).optional(), listed: z.boolean().optional() }),
    actual: explanation.optional(),
    faults: z.array(z.string()),
  })
  .openapi('PolicyCaseResult');

const exampleRule = {
  name: 'shipped:operator',
  effect: 'permit',
  source: 'shipped',
  line: 24,
  description: 'Operators call every tool of their organisation.',
  parts: [{ text: 'principal in Role::"operator"', holds: true }],
};
const exampleExplanation = {
  decision: 'allow',
  listed: true,
  policyVersion: 'sha256:5f8f0c7b5d9d6c7e3a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778',
  rules: ['shipped:operator'],
  errors: [],
  deciding: [exampleRule],
  lookedAt: { 'principal.roles': ['operator'] },
  toAllow: [],
};

/** What policies decide, and why, without a call: nothing of it counts, and nobody is told more than they may read. */
export function policyExplainRoutes({ policy, gateway, access, findPrincipal }: PolicyExplainDeps): Route[] {
  /** What the caller does not see is there only for those who see where every tool comes from. */
  const finderFor = (caller: Principal, org: OrgId, clientAddress: string | undefined) => (id: string) => {
    const tool = toolOf(gateway, org, id);
    if (!tool || may(caller, 'upstreams:read')) return tool;
    return policy.visible(caller, [tool], { surface: 'rest', clientAddress }).length > 0 ? tool : undefined;
  };

  const somebody = async (caller: Principal, org: OrgId, id: string): Promise<Principal> => {
    if (id === 'me' || (id === caller.id && org === caller.org)) return caller;
    // Whoever lists keys sees their roles, and whoever lists users sees theirs.
    access.require(caller, id.startsWith('key:') ? 'keys:write' : 'users:write');
    const found = await findPrincipal(org, id);
    if (!found) throw NotFound({ what: 'principal', id });
    return found;
  };

  return [
    route({
      method: 'post',
      path: '/api/v1/policies/explain',
      tag: 'Policies',
      summary: 'Explain a decision',
      description:
        'How a call would be decided now, by which rules, what they looked at, and what would have to differ. Nothing is ' +
        'called. The principal is `me`, the id of a key, user or service account (which takes the scope to read these), ' +
        'or somebody made up.',
      scope: 'policies:read',
      inOrg: true,
      body: z.strictObject({
        principal: z.union([z.string().min(1).max(400), casePrincipal]),
        tool: z.string().min(1).max(1_000).openapi({ description: 'Canonical id or wire name' }),
        arguments: schemas.anyObject.default({}),
        environment: caseEnvironment.prefault({}),
      }),
      bodyExample: { principal: { roles: ['operator'] }, tool: 'everything.echo', arguments: { message: 'hello' } },
      answers: { 200: { description: 'Why', schema: explanation, example: exampleExplanation } },
      errors: [NotFound],
      async handle({ principal, org, body, clientAddress }) {
        const who =
          typeof body.principal === 'string'
            ? await somebody(principal, org, body.principal)
            : principalFor(org, body.principal);
        const tool = finderFor(principal, org, clientAddress)(body.tool);
        if (!tool) throw NotFound({ what: 'tool', id: body.tool });
        const { name, surface, endpoint, address } = body.environment;
        return ok(
          policy.explain(who, tool, body.arguments as JsonObject, {
            surface,
            endpoint,
            clientAddress: address,
            ...(name === undefined ? {} : { environment: name }),
          }),
        );
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/policies/tests',
      tag: 'Policies',
      summary: 'Test the policies',
      description:
        'Decides made-up calls by the policies in force and holds the decisions against what is expected. Nothing is called.',
      scope: 'policies:read',
      inOrg: true,
      body: z.looseObject({ cases: z.array(z.unknown()) }),
      bodyExample: {
        cases: [
          { name: 'viewers only read', principal: { roles: ['viewer'] }, tool: 'everything.echo', expect: 'allow' },
        ],
      },
      answers: {
        200: {
          description: 'What came of each case',
          schema: z.object({ ok: z.boolean(), results: z.array(caseResult) }),
          example: {
            ok: true,
            results: [
              {
                name: 'viewers only read',
                ok: true,
                expected: { decision: 'allow' },
                actual: exampleExplanation,
                faults: [],
              },
            ],
          },
        },
      },
      errors: [InvalidRequest],
      async handle({ principal, org, body, clientAddress }) {
        const { cases, tools } = casesIn(body);
        const world = { org, tools, findTool: finderFor(principal, org, clientAddress), explain: policy.explain };
        const results = [];
        for (const one of cases) {
          results.push(runCase(one, world));
          await new Promise((resolve) => setImmediate(resolve)); // others are served in between
        }
        return ok({ ok: results.every((result) => result.ok), results });
      },
    }),
  ];
}

function casesIn(body: unknown): ReturnType<typeof readCases> {
  try {
    return readCases(body);
  } catch (error) {
    if (error instanceof CaseFault) throw InvalidRequest({ faults: error.faults });
    throw error;
  }
}

/** A tool of the catalog, or that by which policies know resources, prompts and completions of a toolset. */
function toolOf(gateway: Pick<Gateway, 'view'>, org: OrgId, id: string): Tool | undefined {
  const { toolset = '', name = '' } = splitToolId(id) ?? {};
  const pseudo = pseudoNames.find((each) => each === name);
  return pseudo ? pseudoTool(org, toolset, pseudo) : gateway.view(org).findTool(id);
}
