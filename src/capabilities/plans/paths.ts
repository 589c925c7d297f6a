import { isObject, type Json, JsonFault, parseJson } from '../../kernel/json.ts';
import type { Meter } from './limits.ts';

/** One step into a value. `[*]` is the span from 0 without an end. */
export type Segment =
  | { kind: 'key'; key: string }
  | { kind: 'index'; index: number }
  | { kind: 'span'; from: number; to: number | undefined };

export type Path = readonly Segment[];

/** What a path leads to, or why it leads nowhere. */
export type Found = { value: Json } | { reason: string };

const maxLength = 300;
const bareKey = /[^.[\]"{}\s]+/y;
const bracket = /\[(?:(\*)|(\d{1,9})|(\d{0,9}):(\d{0,9})|("(?:[^"\\]|\\.)*"))\]/y;
const shownKeys = 12;

/** `items[0].key`, `items[*].key`, `items[0:5]`, `["a key"].b`; a text that says what is wrong where it is none. */
export function parsePath(text: string): Path | string {
  if (text.length > maxLength) return `it is longer than ${maxLength} characters`;
  const segments: Segment[] = [];
  let at = 0;
  while (at < text.length) {
    const dotted = text[at] === '.' && at > 0;
    const pattern = text[at] === '[' ? bracket : bareKey;
    pattern.lastIndex = dotted ? at + 1 : at;
    const match = at > 0 && !dotted && pattern === bareKey ? null : pattern.exec(text);
    if (!match) return `what begins at "${text.slice(at, at + 20)}" is no field, [0], [*], [0:5] or ["field"]`;
    const segment = pattern === bareKey ? { kind: 'key' as const, key: match[0] } : bracketed(match);
    if (!segment || (segment.kind === 'key' && segment.key === '__proto__')) return `${match[0]} names no field`;
    segments.push(segment);
    at = pattern.lastIndex;
  }
  return segments;
}

function bracketed([, star, index, from, to, key]: RegExpExecArray): Segment | undefined {
  if (star !== undefined) return { kind: 'span', from: 0, to: undefined };
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  if (key === undefined) return { kind: 'span', from: Number(from || 0), to: to ? Number(to) : undefined };
  try {
    return { kind: 'key', key: String(parseJson(key)) };
  } catch (error) {
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}

/** The path as it is written. */
export function writePath(path: Path): string {
  return path.map(written).join('').replace(/^\./, '');
}

function written(segment: Segment): string {
  if (segment.kind === 'index') return `[${segment.index}]`;
  if (segment.kind === 'span') {
    return segment.from === 0 && segment.to === undefined ? '[*]' : `[${segment.from}:${segment.to ?? ''}]`;
  }
  return /^[^.[\]"{}\s]+$/.test(segment.key) ? `.${segment.key}` : `[${JSON.stringify(segment.key)}]`;
}

/**
 * Goes into a value, by its own fields alone. With a span the result is one flat list of what is there; items that lack
 * a field are left out, unless all of them do: then the path is wrong rather than the data sparse.
 *
 * @param start what `value` is called in reasons
 */
export function readPath(value: Json, path: Path, start: string, meter: Meter): Found {
  let nodes: Json[] = [value];
  let many = false;
  for (const [at, segment] of path.entries()) {
    const next: Json[] = [];
    for (const node of nodes) {
      for (const inner of stepInto(node, segment, meter)) next.push(inner);
    }
    const emptyList = segment.kind === 'span' && nodes.some((node) => Array.isArray(node));
    if (next.length === 0 && nodes.length > 0 && !emptyList) {
      const place = [start, ...path.slice(0, at).map(written)].join('');
      return { reason: whyNothing(nodes, segment, place) };
    }
    many ||= segment.kind === 'span';
    nodes = next;
  }
  return { value: many ? nodes : (nodes[0] ?? null) };
}

/** What one segment finds in one value: nothing, one thing, or the items of a list. */
export function stepInto(node: Json, segment: Segment, meter: Meter): Json[] {
  meter(1);
  if (segment.kind === 'key') {
    if (isObject(node))
      return Object.hasOwn(node, segment.key) ? [(node as { [key: string]: Json })[segment.key] ?? null] : [];
    // Written so by many: items.0.key
    return Array.isArray(node) && /^\d{1,9}$/.test(segment.key)
      ? node.slice(Number(segment.key), Number(segment.key) + 1)
      : [];
  }
  if (!Array.isArray(node)) return [];
  if (segment.kind === 'index') return node.slice(segment.index, segment.index + 1);
  const items = node.slice(segment.from, segment.to);
  meter(items.length);
  return items;
}

function whyNothing(nodes: readonly Json[], segment: Segment, place: string): string {
  const [node = null] = nodes;
  const each = nodes.length > 1 ? `each item of ${place}` : place;
  if (segment.kind !== 'key') {
    if (!Array.isArray(node)) return `${each} is ${kindOf(node)}, no list`;
    return `${each} has ${node.length === 0 ? 'no items' : `only ${node.length} item${node.length > 1 ? 's' : ''}`}`;
  }
  if (Array.isArray(node)) return `${each} is a list of ${node.length}: take [0], [*] or a slice of it`;
  if (!isObject(node)) return `${each} is ${kindOf(node)}, without fields`;
  const keys = Object.keys(node);
  const shown = keys.slice(0, shownKeys).map((key) => key.slice(0, 40));
  const others = keys.length > shown.length ? ` and ${keys.length - shown.length} more` : '';
  return `${each} has no "${segment.key}"; it has ${shown.length === 0 ? 'no fields' : shown.join(', ') + others}`;
}

/** What a value is, in words. */
export function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}
