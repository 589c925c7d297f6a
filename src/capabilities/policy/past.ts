import type { Decision } from '../../kernel/call.ts';
import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import { splitToolId } from '../../kernel/names.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import { type Annotations, type ItemStatus, type Tool, unknownAnnotations } from '../../kernel/tool.ts';
import { type ProjectedType, type Projections, projectArguments } from './projection.ts';

/** A decision as its record has it. */
export interface PastDecision {
  callId: string;
  /** Milliseconds since the epoch. */
  at: number;
  principal: Pick<Principal, 'id' | 'name' | 'kind' | 'roles'> & Partial<Pick<Principal, 'teams' | 'scopes'>>;
  /** Canonical id. */
  tool: string;
  annotations?: Annotations;
  /** These two are absent in records of before they were kept. */
  status?: ItemStatus;
  tags?: readonly string[];
  decision: Omit<Decision, 'context'> & { context?: unknown };
  /** What the record does not have as policies saw it, such as `context.arguments.path`. */
  withheld: readonly string[];
  /** The arguments as they were sent, where the record has them whole. */
  arguments(): JsonObject | undefined;
}

/** Past decisions of one organisation, newest first, page by page. */
export type PastDecisions = (
  org: OrgId,
  span: { since?: number | undefined; until?: number | undefined },
) => AsyncIterable<readonly PastDecision[]>;

/** What a decision is made anew from. */
export interface Inputs {
  principal: Principal;
  tool: Tool;
  context: JsonObject;
  /** What is not known, by path, and why: enough only for rules that do not read it. */
  unknown: ReadonlyMap<string, string>;
}

/** Reads what rules would look at out of records. */
export interface Recollection {
  /** The inputs, or why there are none. */
  inputsOf(org: OrgId, past: PastDecision): Inputs | string;
}

const older = 'the record is from before these were kept';
const withheldReason = 'it held a secret, or was cut, so the record has not all of it';
const notProjected = 'the argument was not projected then, and the record does not have all arguments';
const maxTools = 10_000;
/** Records of before the names of these were kept show them by what stands in their place. */
const hiddenText = /^hmac-sha256:[0-9a-f]{64}$|\[cut: |\[redacted\]/;
const maxNames = 100;

export function createRecollection(projections: Projections): Recollection {
  // Equal tools are one object, by which classes of decisions are remembered.
  const tools = new Map<string, Tool>();

  function toolOf(org: OrgId, { tool: id, annotations, tags = [], status = 'live' }: PastDecision): Tool | undefined {
    const key = JSON.stringify([org, id, annotations, tags, status]);
    const known = tools.get(key);
    if (known) return known;
    const parts = splitToolId(id);
    if (!parts) return undefined;
    const tool: Tool = {
      ...{ org, id, ...parts, tags, status, digest: 'sha256:' },
      definition: { name: parts.name, inputSchema: {} },
      annotations: annotations ?? unknownAnnotations,
    };
    if (tools.size >= maxTools) tools.clear();
    tools.set(key, tool);
    return tool;
  }

  return {
    inputsOf(org, past) {
      const { principal: who, decision, tags, status, annotations } = past;
      if (decision.policyVersion === 'none') return 'no policies could be read when it was decided';
      const isOlder = tags === undefined || status === undefined;
      if (isOlder && decision.errors?.length) return 'the record does not say why it could not be decided';
      const seen = decision.context;
      if (!isObject(seen) || typeof seen.environment !== 'string' || typeof seen.surface !== 'string')
        return 'the record does not have the environment in which it was decided';
      const tool = toolOf(org, past);
      if (!tool) return 'the record does not have the tool';

      const unknown = new Map(past.withheld.map((path) => [path, withheldReason]));
      if (isOlder) {
        for (const path of ['principal.teams', 'principal.scopes', 'resource.tags', 'resource.status'])
          unknown.set(path, older);
        for (const path of hiddenIn(seen as JsonObject)) unknown.set(path, withheldReason);
        if (who.roles.length >= maxNames) unknown.set('principal.roles', withheldReason);
      }
      if (!annotations)
        for (const name of Object.keys(unknownAnnotations))
          unknown.set(`resource.${name}`, 'the record does not have the annotations');
      const principal: Principal = {
        ...{ id: who.id, name: who.name, kind: who.kind, roles: who.roles, org },
        ...{ teams: who.teams ?? [], scopes: who.scopes ?? [] },
        credential: { kind: 'internal', id: 'rehearsal' },
      };
      return { principal, tool, context: recalled(projections, past, seen as JsonObject, unknown), unknown };
    },
  };
}

/** The context with those arguments that policies can read now. */
function recalled(
  projections: Projections,
  past: PastDecision,
  seen: JsonObject,
  unknown: Map<string, string>,
): JsonObject {
  const readable = projections.names.get(past.tool) ?? [];
  const before = isObject(seen.arguments) ? (seen.arguments as JsonObject) : {};
  const cut = Array.isArray(seen.cutArguments) ? seen.cutArguments : [];
  const values: JsonObject = {};
  let anew: ReturnType<typeof projectArguments> | undefined;
  let isAsked = false;
  for (const name of readable) {
    const path = `context.arguments.${name}`;
    const value = before[name];
    if (value !== undefined && fits(value, projections.types.get(name))) {
      values[name] = value;
      continue;
    }
    if (value === undefined && past.decision.projected?.includes(name)) continue; // it was looked for and not there
    if (unknown.has(path)) continue;
    if (!isAsked) {
      isAsked = true;
      const whole = past.arguments();
      anew = whole && projectArguments(projections, past.tool, whole);
    }
    if (!anew || anew.faults.length > 0) {
      unknown.set(path, notProjected);
      unknown.set('context.cutArguments', notProjected);
    } else if (anew.values[name] !== undefined) values[name] = anew.values[name] as Json;
  }
  const cutNow = [...new Set([...cut, ...(anew?.cut ?? [])])].filter((name) => readable.includes(String(name)));
  return { ...seen, arguments: values, cutArguments: cutNow };
}

function fits(value: Json, type: ProjectedType | undefined): boolean {
  if (type === 'set') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (type === 'long') return Number.isSafeInteger(value);
  return typeof value === (type === 'bool' ? 'boolean' : 'string');
}

function hiddenIn(seen: JsonObject): string[] {
  const isHidden = (value: Json | undefined): boolean =>
    typeof value === 'string' ? hiddenText.test(value) : Array.isArray(value) && value.some(isHidden);
  const args = isObject(seen.arguments) ? Object.entries(seen.arguments as JsonObject) : [];
  return [
    ...Object.entries(seen)
      .filter(([, value]) => isHidden(value))
      .map(([name]) => `context.${name}`),
    ...args.filter(([, value]) => isHidden(value)).map(([name]) => `context.arguments.${name}`),
  ];
}
