import { canonicalJson } from '../../kernel/digest.ts';
import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import { PolicySettingsFault } from './errors.ts';

/**
 * By tool id: attribute name to JSON pointer (RFC 6901) into the arguments. A pointer may be preceded by the type
 * that policies see, as in `long:/amount`: `string` (when nothing is said), `long`, `bool` or `set` (of strings).
 */
export type ProjectionSettings = Readonly<Record<string, Readonly<Record<string, string>>>>;

export type ProjectedType = 'string' | 'long' | 'bool' | 'set';

interface Projected {
  attribute: string;
  type: ProjectedType;
  path: readonly string[];
}

export interface Projections {
  byTool: ReadonlyMap<string, readonly Projected[]>;
  /** The names of the same. */
  names: ReadonlyMap<string, readonly string[]>;
  /** What the schema declares: one attribute has one type, whichever tool it comes from. */
  types: ReadonlyMap<string, ProjectedType>;
}

/** What policies may read of one call's arguments. */
export interface ProjectedArguments {
  values: JsonObject;
  /** Attributes that are longer than what policies see of them. */
  cut: string[];
  /** Values that are there but cannot take the declared type. Without their values: this goes to the log. */
  faults: string[];
}

const maxStringLength = 4_096;
const maxSetSize = 256;
const attributePattern = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const pointerPattern = /^(?:(string|long|bool|set):)?((?:\/(?:[^~/]|~[01])*)*)$/;
/** Of a call of which policies can read nothing. */
export const nothingProjected: ProjectedArguments = { values: {}, cut: [], faults: [] };

/** @throws PolicySettingsFault with every fault at once */
export function parseProjections(settings: ProjectionSettings): Projections {
  const faults: string[] = [];
  const types = new Map<string, ProjectedType>();
  const byTool = new Map<string, Projected[]>();
  for (const [tool, attributes] of Object.entries(settings)) {
    const list: Projected[] = [];
    for (const [attribute, text] of Object.entries(attributes)) {
      const where = `projections: ${tool}: ${attribute}`;
      const [, type = 'string', pointer] = pointerPattern.exec(text) ?? [];
      if (!attributePattern.test(attribute)) faults.push(`${where}: a name is letters, digits and underscores`);
      if (pointer === undefined) {
        faults.push(`${where}: expected a JSON pointer such as /amount or long:/amount`);
        continue;
      }
      const known = types.get(attribute);
      if (known !== undefined && known !== type) faults.push(`${where}: is ${type} here and ${known} for another tool`);
      types.set(attribute, type as ProjectedType);
      list.push({ attribute, type: type as ProjectedType, path: pathOf(pointer) });
    }
    byTool.set(tool, list);
  }
  if (faults.length > 0) throw new PolicySettingsFault(faults);
  const names = new Map([...byTool].map(([tool, list]) => [tool, list.map(({ attribute }) => attribute)]));
  return { byTool, names, types };
}

/** Absent values and nulls are left out. Cedar knows neither floats nor nulls: a float is seen only as a string. */
export function projectArguments(
  { byTool }: Projections,
  toolId: string,
  args: JsonObject | undefined,
): ProjectedArguments {
  const projected = byTool.get(toolId);
  if (projected === undefined || args === undefined) return nothingProjected;
  const values: JsonObject = {};
  const cut: string[] = [];
  const faults: string[] = [];
  for (const { attribute, type, path } of projected) {
    const found = lookUp(args, path);
    if (found === undefined || found === null) continue;
    const { value, isCut } = coerced(found, type);
    if (value === undefined) faults.push(`argument "${attribute}" cannot be read as ${type}`);
    else values[attribute] = value;
    if (isCut) cut.push(attribute);
  }
  return { values, cut, faults };
}

function coerced(found: Json, type: ProjectedType): { value?: Json; isCut?: boolean } {
  if (type === 'set') return asSet(found);
  if (type === 'string') return asString(found);
  return { value: type === 'long' ? asLong(found) : asBool(found) };
}

function asString(found: Json): { value: string; isCut: boolean } {
  const text = typeof found === 'object' ? canonicalJson(found) : String(found);
  // A lone half of a surrogate pair would reach Cedar as something else than what the audit keeps.
  return { value: text.slice(0, maxStringLength).toWellFormed(), isCut: text.length > maxStringLength };
}

function asSet(found: Json): { value: string[]; isCut: boolean } {
  const items = (Array.isArray(found) ? found : [found]).filter((item) => item !== null);
  const texts = items.slice(0, maxSetSize).map(asString);
  return {
    value: [...new Set(texts.map((text) => text.value))],
    isCut: items.length > maxSetSize || texts.some((text) => text.isCut),
  };
}

/** Beyond 2^53 the number that the provider gets may differ from what we see: no value rather than a wrong one. */
function asLong(found: Json): number | undefined {
  const number = typeof found === 'string' && /^-?\d{1,16}$/.test(found) ? Number(found) : found;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) return undefined;
  return number === 0 ? 0 : number; // JSON knows -0, Cedar does not
}

function asBool(found: Json): boolean | undefined {
  if (typeof found === 'boolean') return found;
  return found === 'true' ? true : found === 'false' ? false : undefined;
}

function pathOf(pointer: string): string[] {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function lookUp(args: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = args;
  for (const step of path) {
    if (Array.isArray(value)) value = /^(0|[1-9]\d*)$/.test(step) ? value[Number(step)] : undefined;
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}
