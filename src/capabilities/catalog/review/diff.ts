import { canonicalJson } from '../../../kernel/digest.ts';
import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import { type TextChange, textChanges } from './textdiff.ts';
import { elementPath, keyPath } from './texts.ts';

/** One difference. Of lists that are sets (`required`, `enum`) each member that came or went is one. */
export interface Change {
  path: string;
  kind: 'added' | 'removed' | 'changed';
  before?: Json;
  after?: Json;
  /** Where a longer text was altered. */
  text?: TextChange[];
}

export const maxChanges = 300;
const longText = 80;

/** What differs between two definitions, in a fixed order; the last entry says so when there is more. */
export function diffOf(before: JsonObject | undefined, after: JsonObject): Change[] {
  const changes: Change[] = [];
  let more = 0;
  const add = (change: Change) => {
    if (changes.length < maxChanges) changes.push(change);
    else more++;
  };
  compareObjects(before ?? {}, after, '', add);
  if (more > 0) changes.push({ path: '…', kind: 'changed', after: `${more} more changes are not listed` });
  return changes;
}

type Add = (change: Change) => void;

function compare(before: Json, after: Json, path: string, key: string, add: Add): void {
  if (isObject(before) && isObject(after)) compareObjects(before as JsonObject, after as JsonObject, path, add);
  else if (Array.isArray(before) && Array.isArray(after)) compareArrays(before, after, path, key, add);
  else if (before !== after && canonicalJson(before) !== canonicalJson(after)) add(changed(path, before, after));
}

function compareObjects(before: JsonObject, after: JsonObject, path: string, add: Add): void {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  for (const key of keys.sort(path === '' ? byImportance : byCode)) {
    const below = keyPath(path, key);
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    const now = Object.hasOwn(after, key) ? after[key] : undefined;
    if (old === undefined && now !== undefined) add({ path: below, kind: 'added', after: now });
    else if (now === undefined && old !== undefined) add({ path: below, kind: 'removed', before: old });
    else if (old !== undefined && now !== undefined) compare(old, now, below, key, add);
  }
}

function compareArrays(before: Json[], after: Json[], path: string, key: string, add: Add): void {
  if (isSet(before, after, key)) {
    const old = new Map(before.map((each) => [canonicalJson(each), each]));
    const now = new Map(after.map((each) => [canonicalJson(each), each]));
    for (const id of [...old.keys()].sort())
      if (!now.has(id)) add({ path, kind: 'removed', before: old.get(id) ?? null });
    for (const id of [...now.keys()].sort()) if (!old.has(id)) add({ path, kind: 'added', after: now.get(id) ?? null });
    return;
  }
  const old = keyed(before, path);
  const now = keyed(after, path);
  for (const [below, value] of old) {
    const other = now.get(below);
    if (other === undefined) add({ path: below, kind: 'removed', before: value });
    else compare(value, other, below, '', add);
  }
  for (const [below, value] of now) if (!old.has(below)) add({ path: below, kind: 'added', after: value });
}

/** By path, elements with a name under that; a path that is taken gets the number too. */
function keyed(list: Json[], path: string): Map<string, Json> {
  const byPath = new Map<string, Json>();
  for (const [index, element] of list.entries()) {
    const below = elementPath(path, index, element);
    byPath.set(byPath.has(below) ? `${path}[${index}]` : below, element);
  }
  return byPath;
}

/** Lists whose order JSON Schema gives no meaning. */
const unordered = /^(required|enum|type|tags|examples|audience)$/;
const isSet = (before: Json[], after: Json[], key: string) =>
  unordered.test(key) && [...before, ...after].every((each) => typeof each !== 'object' || each === null);

function changed(path: string, before: Json, after: Json): Change {
  const change: Change = { path, kind: 'changed', before, after };
  const isText = typeof before === 'string' && typeof after === 'string';
  return isText && before.length + after.length > longText ? { ...change, text: textChanges(before, after) } : change;
}

const importance = ['name', 'uriTemplate', 'uri', 'title', 'description', 'instructions', 'annotations', 'arguments'];
const rank = (key: string) => (importance.includes(key) ? importance.indexOf(key) : importance.length);
const byCode = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byImportance = (a: string, b: string) => rank(a) - rank(b) || byCode(a, b);
