import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import { type ApiDocument, isReadOnly } from './document.ts';
import { ImportFault } from './faults.ts';
import { annotationsOf, isAnnotation, isUsablePattern, namesIn, orNull, plainKeywords } from './keywords.ts';

/** Thrown when schemas grow beyond the bounds that were given. */
export class SchemaTooLarge extends Error {
  override name = 'SchemaTooLarge';
}

/** Turns schemas of a document into JSON Schema 2020-12 that stands by itself. */
export interface Converter {
  /** Throws `ImportFault`, `SchemaTooLarge`. */
  convert(schema: unknown): Json;
  /** What `$ref`s in everything converted so far lead to, for `$defs`; undefined when there are none. */
  definitions(): JsonObject | undefined;
}

interface Options {
  document: ApiDocument;
  /** `inline` puts what a reference leads to in its place, except where it contains itself; `shared` keeps each in `$defs`. */
  references: 'inline' | 'shared';
  maxNodes: number;
}

/** Where in the conversion a node stands. */
interface Place {
  /** References that are being put in place around it. */
  trail: readonly string[];
  /** Whether it describes the very value that its definition describes, rather than a part of it. */
  whole: boolean;
  depth: number;
}

const maxDepth = 80;

/** For requests: what is read-only in the document is left out. */
export function createConverter({ document, references, maxNodes }: Options): Converter {
  const named = new Map<string, { name: string; schema: unknown }>(); // by pointer
  const converted: JsonObject = {};
  const standsFor = new Map<string, Set<string>>(); // definitions that a definition is, in whole or as one of several
  let current: string | undefined;
  let nodes = 0;

  const convert = (node: unknown, place: Place): Json => {
    if (typeof node === 'boolean') return document.dialect === '3.0' ? {} : node;
    if (!isObject(node)) return {};
    if (++nodes > maxNodes) throw new SchemaTooLarge();
    if (place.depth > maxDepth) throw new ImportFault('a schema that is nested too deeply');
    const inner = { ...place, depth: place.depth + 1 };
    if (typeof node.$ref === 'string') return convertReference(node, inner);
    const single = singleMember(node);
    if (single !== undefined) {
      const member = annotated(convert(single, inner), annotationsOf(node));
      return isNullable(node) ? orNull(member) : member;
    }
    const plain = plainKeywords(node, document.dialect);
    const schema = { ...plain, ...ofArrays(node, inner), ...ofObjects(node, inner), ...ofAlternatives(node, inner) };
    return isNullable(node) && !('type' in plain) ? orNull(schema) : schema;
  };

  const isNullable = (node: Record<string, unknown>) => document.dialect === '3.0' && node.nullable === true;

  const convertReference = (node: Record<string, unknown>, place: Place): Json => {
    const { value, pointer = '' } = document.resolve(node);
    const inPlace = references === 'inline' && !place.trail.includes(pointer);
    const target = inPlace
      ? convert(value, { ...place, trail: [...place.trail, pointer] })
      : refer(pointer, value, place.whole);
    const { $ref: _, ...beside } = node;
    if (Object.keys(beside).every(isAnnotation)) return annotated(target, annotationsOf(beside));
    // OpenAPI 3.0 wants what stands beside a reference ignored, but everybody means `nullable` there.
    if (document.dialect === '3.0') return isNullable(node) ? orNull(target) : target;
    return { allOf: [target, convert(beside, place)] };
  };

  const refer = (pointer: string, schema: unknown, whole: boolean): JsonObject => {
    let known = named.get(pointer);
    if (!known) {
      known = { name: freeName(pointer), schema };
      named.set(pointer, known);
    }
    if (whole && current !== undefined) {
      const others = standsFor.get(current) ?? new Set();
      standsFor.set(current, others.add(known.name));
    }
    return { $ref: `#/$defs/${known.name}` };
  };

  const freeName = (pointer: string): string => {
    const last = pointer.split('/').at(-1) ?? '';
    const name = last.replace(/%[0-9A-Fa-f]{2}|~[01]|[^A-Za-z0-9_.-]/g, '_').slice(0, 60) || 'schema';
    const taken = new Set([...named.values()].map((other) => other.name));
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name}_${n}`;
    return free;
  };

  const ofArrays = (node: Record<string, unknown>, place: Place): JsonObject => {
    const part = { ...place, whole: false };
    const out: JsonObject = {};
    // A list of schemas under `items` is how drafts before 2020-12 wrote `prefixItems`.
    const tuple = Array.isArray(node.prefixItems) ? node.prefixItems : node.items;
    if (Array.isArray(tuple) && tuple.length > 0) out.prefixItems = tuple.map((item) => convert(item, part));
    for (const keyword of ['items', 'contains', 'unevaluatedItems']) {
      if (isSchema(node[keyword])) out[keyword] = convert(node[keyword], part);
    }
    return out;
  };

  const ofObjects = (node: Record<string, unknown>, place: Place): JsonObject => {
    const part = { ...place, whole: false };
    const out: JsonObject = {};
    const omitted = new Set<string>();
    if (isObject(node.properties)) {
      const properties = Object.entries(node.properties).filter(([name, schema]) => {
        if (isReadOnly(document, schema)) omitted.add(name);
        return !omitted.has(name);
      });
      out.properties = Object.fromEntries(properties.map(([name, schema]) => [name, convert(schema, part)]));
    }
    if (isObject(node.patternProperties)) {
      const usable = Object.entries(node.patternProperties).filter(([pattern]) => isUsablePattern(pattern));
      out.patternProperties = Object.fromEntries(usable.map(([pattern, schema]) => [pattern, convert(schema, part)]));
    }
    for (const keyword of ['additionalProperties', 'propertyNames', 'unevaluatedProperties']) {
      const schema = node[keyword];
      if (typeof schema === 'boolean') out[keyword] = schema;
      else if (isObject(schema)) out[keyword] = convert(schema, part);
    }
    const required = namesIn(node.required).filter((name) => !omitted.has(name));
    if (required.length > 0) out.required = required;
    if (isObject(node.dependentRequired)) {
      const entries = Object.entries(node.dependentRequired).map(([name, others]) => [name, namesIn(others)]);
      out.dependentRequired = Object.fromEntries(entries);
    }
    if (isObject(node.dependentSchemas)) {
      const entries = Object.entries(node.dependentSchemas).map(([name, schema]) => [name, convert(schema, place)]);
      out.dependentSchemas = Object.fromEntries(entries);
    }
    return out;
  };

  const ofAlternatives = (node: Record<string, unknown>, place: Place): JsonObject => {
    const out: JsonObject = {};
    const all = listOf(node.allOf).map((schema) => convert(schema, place));
    const any = listOf(node.anyOf).map((schema) => convertArm(schema, place));
    // Documents say `oneOf` for alternatives that overlap, too; what fits two of them is not refused here.
    const one = listOf(node.oneOf).map((schema) => convertArm(schema, place));
    if (any.length > 0 && one.length > 0) all.push({ anyOf: one });
    if (all.length > 0) out.allOf = all;
    if (any.length > 0) out.anyOf = any;
    else if (one.length > 0) out.anyOf = one;
    for (const keyword of ['not', 'if', 'then', 'else']) {
      if (isSchema(node[keyword])) out[keyword] = convert(node[keyword], place);
    }
    return out;
  };

  // An alternative that says nothing but `nullable` is how some write "or null" in 3.0; elsewhere it would take anything.
  const convertArm = (schema: unknown, place: Place): Json => {
    const onlyNull =
      isObject(schema) &&
      isNullable(schema) &&
      Object.keys(schema).every((key) => key === 'nullable' || isAnnotation(key));
    return onlyNull ? { type: 'null' } : convert(schema, place);
  };

  /** Of an `allOf` with one member, and nothing else that demands anything. */
  const singleMember = (node: Record<string, unknown>): unknown => {
    const [member, ...others] = listOf(node.allOf);
    if (member === undefined || others.length > 0) return undefined;
    return Object.keys(node).every((key) => key === 'allOf' || key === 'nullable' || isAnnotation(key))
      ? member
      : undefined;
  };

  return {
    convert: (schema) => convert(schema, { trail: [], whole: true, depth: 0 }),
    definitions() {
      // Each definition may name further ones, which the map then yields as well.
      for (const [pointer, { name, schema }] of named) {
        if (Object.hasOwn(converted, name)) continue;
        current = name;
        converted[name] = convert(schema, { trail: [pointer], whole: true, depth: 0 });
        current = undefined;
      }
      if (hasRing(standsFor)) throw new ImportFault('a schema that contains nothing but itself');
      return named.size > 0 ? converted : undefined;
    },
  };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isSchema(value: unknown): boolean {
  return isObject(value) || typeof value === 'boolean';
}

function annotated(schema: Json, annotations: JsonObject): Json {
  if (Object.keys(annotations).length === 0) return schema;
  return isObject(schema) ? { ...(schema as JsonObject), ...annotations } : schema === true ? annotations : schema;
}

/** A definition that is, in whole, itself again would send whoever checks a value round for ever. */
function hasRing(graph: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const state = new Map<string, 'open' | 'done'>();
  const visit = (node: string): boolean => {
    if (state.has(node)) return state.get(node) === 'open';
    state.set(node, 'open');
    const ring = [...(graph.get(node) ?? [])].some(visit);
    state.set(node, 'done');
    return ring;
  };
  return [...graph.keys()].some(visit);
}
