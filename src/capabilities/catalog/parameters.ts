import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';

const alternatives = ['allOf', 'anyOf', 'oneOf'];
const conditions = ['if', 'then', 'else', 'not'];
const named = ['properties', 'dependentRequired', 'dependentSchemas', 'dependencies'];
const maxDepth = 64;

/** An input schema that says nothing of some parameters, wherever it speaks of the arguments themselves. For show only. */
export function withoutParameters(schema: JsonObject, names: readonly string[]): JsonObject {
  const definitions = new Map<string, JsonObject>();
  const bare = stripped(schema, names, { root: schema, definitions, depth: 0 });
  for (const [reference, definition] of definitions) {
    const [, holder = '', name = ''] = reference.split('/');
    bare[holder] = { ...(bare[holder] as JsonObject), [name]: definition };
  }
  return { ...bare, properties: bare.properties ?? {} };
}

/** Calls without some of their arguments. */
export function withoutArguments<T extends { arguments: JsonObject }>(
  calls: readonly T[],
  names: readonly string[],
): T[] {
  return calls.map((call) => ({ ...call, arguments: without(call.arguments, names) }));
}

interface Walk {
  root: JsonObject;
  /** Those that the arguments themselves refer to, by reference. */
  definitions: Map<string, JsonObject>;
  depth: number;
}

function stripped(schema: JsonObject, names: readonly string[], { depth, ...walk }: Walk): JsonObject {
  if (depth > maxDepth) return {}; // nobody reads on, and something of them might be further down
  const inner = (value: Json) =>
    isObject(value) ? stripped(value as JsonObject, names, { ...walk, depth: depth + 1 }) : value;
  const entries = Object.entries(schema).flatMap(([key, value]): [string, Json][] => {
    if (key === '$ref' && typeof value === 'string') note(value, names, { ...walk, depth });
    if (key === 'required' && Array.isArray(value)) {
      const left = value.filter((name) => !names.includes(String(name)));
      return left.length > 0 ? [[key, left]] : [];
    }
    if (alternatives.includes(key) && Array.isArray(value)) return [[key, value.map(inner)]];
    if (conditions.includes(key)) return [[key, inner(value)]];
    if (key === 'examples' && Array.isArray(value)) return [[key, value.map((one) => withoutIn(one, names))]];
    if (key === 'default' || key === 'const') return [[key, withoutIn(value, names)]];
    if (!named.includes(key) || !isObject(value)) return [[key, value]];
    const left = without(value as JsonObject, names);
    if (key === 'properties') return [[key, left]];
    return [
      [key, Object.fromEntries(Object.entries(left).map(([name, said]) => [name, dependent(said, names, inner)]))],
    ];
  });
  return Object.fromEntries(entries);
}

function dependent(said: Json, names: readonly string[], inner: (value: Json) => Json): Json {
  return Array.isArray(said) ? said.filter((name) => !names.includes(String(name))) : inner(said);
}

/** Strips what the arguments themselves refer to within the schema, once each. */
function note(reference: string, names: readonly string[], walk: Walk): void {
  const [start, holder = '', name = '', ...further] = reference.split('/');
  const known = walk.root[holder];
  if (start !== '#' || further.length > 0 || walk.definitions.has(reference) || !isObject(known)) return;
  const definition = Object.hasOwn(known, name) ? known[name] : undefined;
  if (!isObject(definition)) return;
  walk.definitions.set(reference, {}); // it may refer to itself
  walk.definitions.set(reference, stripped(definition as JsonObject, names, { ...walk, depth: walk.depth + 1 }));
}

function withoutIn(value: Json, names: readonly string[]): Json {
  return isObject(value) ? without(value as JsonObject, names) : value;
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
