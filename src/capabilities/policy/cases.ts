import { z } from 'zod';
import type { JsonObject } from '../../kernel/json.ts';
import { splitToolId, toolsetPattern } from '../../kernel/names.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import { type Tool, unknownAnnotations } from '../../kernel/tool.ts';
import type { Explanation } from './explain.ts';
import type { Effect } from './ruleset.ts';
import type { CallOrigin } from './situation.ts';

const text = z.string().min(1).max(200);
const names = z.array(text).max(100);

/** Somebody who may exist or not: what policies can read of a principal. */
export const casePrincipal = z.strictObject({
  id: text.optional().describe('Such as `key:key_...` or `user:usr_...`; an id that nobody has when absent'),
  kind: z.enum(['user', 'service', 'agent', 'anonymous']).default('user'),
  roles: names.default([]),
  teams: names.default([]),
  scopes: names.default(['*']),
});

/** A tool as policies see it. What is left out is taken from the catalog, or the worst is assumed. */
export const caseTool = z.strictObject({
  readOnly: z.boolean().optional(),
  destructive: z.boolean().optional(),
  idempotent: z.boolean().optional(),
  openWorld: z.boolean().optional(),
  tags: names.optional(),
  status: z.enum(['live', 'stale']).optional(),
});

export const caseEnvironment = z.strictObject(
  {
    name: text.optional().describe('`context.environment`; that of the settings when absent'),
    surface: z.enum(['mcp', 'rest', 'workflow', 'agent']).default('mcp'),
    endpoint: text.optional(),
    address: text.optional().describe("The client's IP address"),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys' && issue.keys.includes('time')
        ? 'policies cannot read the time: no decision depends on it'
        : undefined,
  },
);

export const policyCase = z.strictObject({
  name: text,
  principal: casePrincipal,
  tool: text.describe('Canonical id of a tool'),
  arguments: z.record(z.string(), z.unknown()).default({}),
  environment: caseEnvironment.prefault({}),
  expect: z.enum(['allow', 'consent', 'deny']),
  rule: z.union([text, names]).optional().describe('The rule, or rules, that must be among those that decide'),
  listed: z.boolean().optional().describe('Whether a listing shows the tool'),
});

/** Cases, with what they have in common. */
export const caseFile = z.strictObject({
  principals: z.record(z.string(), casePrincipal).default({}).describe('By the name that cases use for them'),
  tools: z.record(z.string(), caseTool).default({}).describe('By canonical id; these take the place of the catalog'),
  cases: z
    .array(policyCase.extend({ principal: z.union([text, casePrincipal]) }))
    .min(1)
    .max(1_000),
});

export type PolicyCase = z.output<typeof policyCase>;
export type CaseTools = Record<string, z.output<typeof caseTool>>;

export interface CaseResult {
  name: string;
  ok: boolean;
  expected: { decision: Effect; rules?: readonly string[]; listed?: boolean };
  /** What came of it; absent where it could not be asked. */
  actual?: Explanation;
  /** What is not as expected, or why it could not be asked. */
  faults: readonly string[];
}

/** @throws CaseFault with every fault of the file at once */
export function readCases(value: unknown): { cases: PolicyCase[]; tools: CaseTools } {
  const parsed = caseFile.safeParse(value);
  if (!parsed.success) {
    throw new CaseFault(
      parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'file'}: ${message}`),
    );
  }
  const { cases, principals, tools } = parsed.data;
  const faults: string[] = Object.keys(tools).flatMap((id) => (splitId(id) ? [] : [`tools.${id}: is no id of a tool`]));
  const whole = cases.flatMap(({ principal, ...rest }, at): PolicyCase[] => {
    const who = typeof principal === 'string' ? principals[principal] : principal;
    if (!who) faults.push(`cases.${at}.principal: there is no "${String(principal)}" under principals`);
    return who ? [{ ...rest, principal: who }] : [];
  });
  if (faults.length > 0) throw new CaseFault(faults);
  return { cases: whole, tools };
}

/** The file cannot be run; each fault says where. */
export class CaseFault extends Error {
  override name = 'CaseFault';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('; '));
    this.faults = faults.slice(0, 20);
  }
}

export type ExplainCall = (principal: Principal, tool: Tool, args: JsonObject, origin: CaseOrigin) => Explanation;
/** From where, in which environment. */
export type CaseOrigin = CallOrigin & { environment?: string };

export interface CaseWorld {
  org: OrgId;
  /** Of the file. */
  tools: CaseTools;
  /** A tool of the catalog, where there is one to look into. */
  findTool?(id: string): Tool | undefined;
  explain: ExplainCall;
}

export function runCase(one: PolicyCase, { org, tools, findTool, explain }: CaseWorld): CaseResult {
  const { name, expect: decision, rule, listed } = one;
  const wanted = rule === undefined ? undefined : [rule].flat();
  const expected = {
    decision,
    ...(wanted ? { rules: wanted } : {}),
    ...(listed === undefined ? {} : { listed }),
  };
  const tool = toolFor(org, one.tool, tools[one.tool], findTool?.(one.tool));
  if (typeof tool === 'string') return { name, ok: false, expected, faults: [tool] };
  const { name: environment, surface, endpoint, address } = one.environment;
  const actual = explain(principalFor(org, one.principal), tool, one.arguments as JsonObject, {
    surface,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(address === undefined ? {} : { clientAddress: address }),
    ...(environment === undefined ? {} : { environment }),
  });
  const missing = (wanted ?? []).filter((each) => !actual.rules.includes(each));
  const faults = [
    ...(actual.decision === decision
      ? []
      : [`expected ${decision}, was ${actual.decision} by ${actual.rules.join(', ')}`]),
    ...(missing.length === 0 ? [] : [`expected ${missing.join(', ')} to decide, it was ${actual.rules.join(', ')}`]),
    ...(listed === undefined || listed === actual.listed
      ? []
      : [`expected it to be ${listed ? 'listed' : 'hidden'}, it is not`]),
  ];
  return { name, ok: faults.length === 0, expected, actual, faults };
}

/** Somebody made up, as far as policies can read them. */
export function principalFor(
  org: OrgId,
  { id = 'case', kind, roles, teams, scopes }: z.output<typeof casePrincipal>,
): Principal {
  return { id, kind, org, name: id, roles, teams, scopes, credential: { kind: 'internal', id: 'case' } };
}

/** The tool that a case speaks of, or why there is none. */
export function toolFor(
  org: OrgId,
  id: string,
  said: CaseTools[string] | undefined,
  known: Tool | undefined,
): Tool | string {
  const parts = known ?? splitId(id);
  if (!parts) return `"${id}" is no id of a tool, such as files.write_file`;
  if (!said && !known) return `there is no tool ${id}: describe it under "tools"`;
  const { tags = known?.tags ?? [], status = known?.status ?? 'live', ...given } = said ?? {};
  const annotations = { ...unknownAnnotations, ...known?.annotations, ...defined(given) };
  const made: Tool = {
    org,
    id,
    ...parts,
    definition: { name: parts.name, inputSchema: {} },
    digest: 'sha256:',
    annotations,
    tags,
    status,
  };
  return known ? { ...known, annotations, tags, status } : made;
}

function defined<T extends object>(values: T): { [key in keyof T]: Exclude<T[key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

function splitId(id: string): { toolset: string; name: string } | undefined {
  const parts = splitToolId(id);
  return parts && toolsetPattern.test(parts.toolset) ? parts : undefined;
}
