import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import { PlanReferenceEmpty, PlanReferenceUnfit } from './errors.ts';
import type { Meter } from './limits.ts';
import { type Found, kindOf, parsePath, readPath } from './paths.ts';
import type { Reference, Template } from './plan.ts';

/** What the reader of a plan knows while it reads references. */
export interface ReferenceRules {
  /** Why nothing can be referred to by this name here; undefined when it can. */
  whyNot(name: string): string | undefined;
  /** Names by which something can be referred to anywhere in the plan. */
  names: ReadonlySet<string>;
  /** Takes note of what is wrong at a place. */
  fault(place: string, what: string): void;
}

const nothing: Template = { kind: 'value', value: null };
const inserted = /\{\{((?:"(?:[^"\\]|\\.)*"|[^"{}])*)\}\}/y;

/** Reads a value with references in it. What is wrong is told to `rules.fault`. */
export function readTemplate(value: Json, place: string, rules: ReferenceRules): Template {
  if (typeof value === 'string') {
    const meant = lookalike(value, rules.names);
    if (meant === undefined) return { kind: 'value', value };
    rules.fault(
      place,
      `text is passed on as it is, and "${meant}" looks like a reference: write {"$ref": "..."} or {"$template": "... {{...}} ..."}, or {"$literal": "..."} where the text is meant`,
    );
    return nothing;
  }
  if (Array.isArray(value)) {
    const items = value.map((item, at) => readTemplate(item, `${place}[${at}]`, rules));
    return items.every((item, at) => isConstant(item, value[at])) ? { kind: 'value', value } : { kind: 'list', items };
  }
  if (!isObject(value)) return { kind: 'value', value };
  const object = value as JsonObject;
  if (Object.hasOwn(object, '$literal')) return readLiteral(object, place, rules);
  if (Object.hasOwn(object, '$ref')) return readReferenceObject(object, place, rules);
  if (Object.hasOwn(object, '$template')) return readText(object, place, rules);
  const entries = Object.entries(object).map(([key, inner]) => {
    if (key === '__proto__') rules.fault(place, 'a field may not be called __proto__');
    return [key, readTemplate(inner, `${place}.${key}`, rules)] as const;
  });
  return entries.every(([key, inner]) => isConstant(inner, object[key]))
    ? { kind: 'value', value }
    : { kind: 'object', entries };
}

/** Whether a template stands for what was written: a literal stands for what is in it. */
function isConstant(template: Template, written: Json | undefined): boolean {
  return template.kind === 'value' && template.value === written;
}

function readLiteral(object: JsonObject, place: string, { fault }: ReferenceRules): Template {
  if (Object.keys(object).length > 1) fault(place, '"$literal" stands alone in its object');
  return { kind: 'value', value: object.$literal ?? null };
}

function readReferenceObject(object: JsonObject, place: string, rules: ReferenceRules): Template {
  const { $ref: text, default: fallback, ...others } = object;
  if (Object.keys(others).length > 0) {
    rules.fault(
      place,
      'beside "$ref" only "default" may stand; put {"$literal": {...}} around an object that is meant as it is',
    );
    return nothing;
  }
  const reference = readReference(text ?? null, place, rules);
  if (!reference) return nothing;
  return { kind: 'reference', reference, ...(fallback === undefined ? {} : { fallback }) };
}

function readText(object: JsonObject, place: string, rules: ReferenceRules): Template {
  const text = object.$template;
  if (Object.keys(object).length > 1 || typeof text !== 'string') {
    rules.fault(
      place,
      '"$template" is text and stands alone in its object, such as {"$template": "repo:{{repo.name}}"}',
    );
    return nothing;
  }
  const parts: (string | Reference)[] = [];
  let end = 0;
  for (const match of insertedIn(text)) {
    const reference = readReference(match[1] ?? '', place, rules);
    parts.push(text.slice(end, match.index), ...(reference ? [reference] : []));
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  if (parts.some((part) => typeof part === 'string' && part.includes('{{')))
    rules.fault(place, '"{{" opens a reference that ends with "}}", such as {{issues.key}}');
  else if (end === 0) rules.fault(place, '"$template" has no {{...}} in it: write the text itself');
  return { kind: 'text', parts };
}

/** Up to the first "{{" that does not end: to look for further ones behind it would cost the square of the length. */
function* insertedIn(text: string): Generator<RegExpExecArray> {
  let at = text.indexOf('{{');
  while (at >= 0) {
    while (text[at + 2] === '{') at++;
    inserted.lastIndex = at;
    const match = inserted.exec(text);
    if (!match) return;
    const end = inserted.lastIndex; // whoever takes the match may come here again
    yield match;
    at = text.indexOf('{{', end);
  }
}

function readReference(text: Json, place: string, rules: ReferenceRules): Reference | undefined {
  const example = 'a reference is the id of an earlier step and a path, such as "issues.items[0].key"';
  if (typeof text !== 'string') return void rules.fault(place, example);
  const [, from, rest = ''] = /^([A-Za-z][\w-]*)(.*)$/s.exec(text.trim()) ?? [];
  if (from === undefined) return void rules.fault(place, `"${text.slice(0, 60)}": ${example}`);
  const why = rules.whyNot(from);
  if (why !== undefined) return void rules.fault(place, `"${text.slice(0, 60)}": ${why}`);
  const wellBegun = /^(?:$|\[|\.(?!\[|$))/.test(rest);
  const path = wellBegun ? parsePath(rest.replace(/^\./, '')) : `after "${from}" comes "[", or "." and a field`;
  if (typeof path === 'string') return void rules.fault(place, `"${text.slice(0, 60)}" is no path: ${path}`);
  return { from, path, text: text.trim() };
}

/** The part of a text that was surely meant as a reference: `${name...}` or `{{name...}}` with a name that exists. */
function lookalike(text: string, names: ReadonlySet<string>): string | undefined {
  for (const match of text.matchAll(/(?:\$\{|\{\{)\s*([A-Za-z][\w-]*)(?=[\s.[}])/g)) {
    if (names.has(match[1] ?? '')) return text.slice(match.index, match.index + 40);
  }
  return undefined;
}

/** Where references are looked up. */
export interface Scope {
  /** The value behind a name, or why there is none. */
  valueNamed(name: string): Found;
  meter: Meter;
  /** Longest text that a template may become. */
  maxText: number;
}

/** The value that a template stands for. Throws the errors of references that lead nowhere. */
export function fillTemplate(template: Template, scope: Scope): Json {
  switch (template.kind) {
    case 'value':
      return template.value;
    case 'list':
      return template.items.map((item) => fillTemplate(item, scope));
    case 'object':
      return Object.fromEntries(template.entries.map(([key, inner]) => [key, fillTemplate(inner, scope)]));
    case 'text':
      return fillText(template.parts, scope);
    case 'reference': {
      const found = lookUp(template.reference, scope);
      if ('value' in found) return found.value;
      if (template.fallback !== undefined) return template.fallback;
      throw PlanReferenceEmpty({ ref: template.reference.text, reason: found.reason });
    }
  }
}

function fillText(parts: readonly (string | Reference)[], scope: Scope): string {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') text += part;
    else {
      const found = lookUp(part, scope);
      if ('reason' in found) throw PlanReferenceEmpty({ ref: part.text, reason: found.reason });
      const { value } = found;
      if (value === null || typeof value === 'object') {
        const wanted = 'text, a number, or true or false';
        throw PlanReferenceUnfit({ ref: part.text, kind: kindOf(value), wanted });
      }
      text += String(value);
    }
    // What is longer is refused anyway; it need not be built first.
    if (text.length > scope.maxText) break;
  }
  return text;
}

function lookUp({ from, path }: Reference, { valueNamed, meter }: Scope): Found {
  const start = valueNamed(from);
  return 'reason' in start ? start : readPath(start.value, path, from, meter);
}
