import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import { type Cedar, createEngine, loadCedar } from './engine.ts';
import { principalEntity, toolEntity } from './entities.ts';

/** One of the things that must all hold for a rule to apply. */
export interface Part {
  /** As Cedar has it, such as `principal in Role::"developer"` or `unless { context.surface == "mcp" }`. */
  text: string;
  /** Undefined where it cannot be told, since it asks for something that an earlier part says is not there. */
  holds?: boolean;
}

export interface PartReader {
  /** The parts of a rule, in the order of its text, and which of them hold. Never throws. */
  partsOf(
    rule: PolicyJson,
    action: 'call' | 'callUnattended',
    principal: Principal,
    tool: Tool,
    context: JsonObject,
  ): Part[];
}

const any = { op: 'All' } as const;
const maxParts = 20;

/** Takes rules apart, in a Cedar instance that decides nothing. */
export function createPartReader(schema: string, load: () => Cedar = loadCedar): PartReader {
  let cedar: Cedar | undefined;
  const engine = createEngine(schema, () => {
    cedar = load();
    return cedar;
  });

  const textOf = ({ conditions: [condition] }: PolicyJson, json: PolicyJson): string => {
    try {
      const answer = cedar?.policyToText(json);
      const [, body] =
        /\b(?:when|unless)\s*(\{[\s\S]*\})\s*;?\s*$/.exec(answer?.type === 'success' ? answer.text : '') ?? [];
      return `${condition?.kind ?? 'when'} ${body?.replace(/\s+/g, ' ') ?? '{ ... }'}`;
    } catch {
      cedar = undefined;
      return `${condition?.kind ?? 'when'} { ... }`;
    }
  };

  return {
    partsOf(rule, action, principal, tool, context) {
      const [who, what] = [principalEntity(principal), toolEntity(tool)];
      const request = { principal: who.uid, action, resource: what.uid, entities: [who, what] };
      const holds = (json: PolicyJson): boolean | undefined => {
        engine.put('part', { part: json });
        // The same projection as for a decision: strings, whole numbers, truth values and sets of strings.
        const { allowed, errors } = engine.evaluate('part', { ...request, context: context as never });
        return errors.length > 0 ? undefined : allowed;
      };
      const told = (text: (json: PolicyJson) => string, changes: Partial<PolicyJson>): Part => {
        const json: PolicyJson = {
          effect: 'permit',
          principal: any,
          action: any,
          resource: any,
          conditions: [],
          ...changes,
        };
        try {
          const held = holds(json);
          return { text: text(json), ...(held === undefined ? {} : { holds: held }) };
        } catch {
          return { text: text(json) };
        }
      };
      const scopes = (['principal', 'action', 'resource'] as const)
        .filter((name) => rule[name].op !== 'All')
        .map((name) => told(() => scopeText(name, rule[name]), { [name]: rule[name] }));
      const conditions = rule.conditions.flatMap(({ kind, body }) =>
        (kind === 'when' ? conjuncts(body) : [body]).map((part) => ({ kind, body: part as typeof body })),
      );
      const clauses = conditions
        .slice(0, maxParts)
        .map((condition) => told((json) => textOf(json, json), { conditions: [condition] }));
      return [...scopes, ...clauses];
    },
  };
}

/** What is joined by `&&`, in order. */
function conjuncts(expression: unknown): unknown[] {
  const both = isObject(expression) ? expression['&&'] : undefined;
  return isObject(both) ? [...conjuncts(both.left), ...conjuncts(both.right)] : [expression];
}

function scopeText(name: string, scope: unknown): string {
  if (!isObject(scope)) return name;
  if (scope.op === 'is') {
    const within = isObject(scope.in) ? ` in ${entityText(scope.in.entity)}` : '';
    return `${name} is ${String(scope.entity_type)}${within}`;
  }
  if (Array.isArray(scope.entities)) return `${name} in [${scope.entities.map(entityText).join(', ')}]`;
  return `${name} ${String(scope.op)} ${entityText(scope.entity)}`;
}

function entityText(entity: unknown): string {
  if (!isObject(entity)) return '?';
  const plain = isObject(entity.__entity) ? entity.__entity : entity;
  return `${String(plain.type)}::${JSON.stringify(plain.id)}`;
}
