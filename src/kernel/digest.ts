import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** `sha256:<hex>` over the RFC 8785 (JSON Canonicalization Scheme) text of a JSON value. */
export function digestOf(value: unknown): string {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
}

/**
 * The RFC 8785 text of a JSON value; `undefined` counts as null. What that text cannot hold, but a parsed JSON text
 * can (half a surrogate pair, a number beyond all bounds), is told by its replacement. Throws for what is no JSON
 * value, such as a circle.
 */
export function canonicalJson(value: unknown): string {
  const sorted = sortedCopy(value ?? null);
  // Native, and several times faster than a serializer of one's own: each call passes here more than once.
  return sorted === unusual ? canonicalOfAny(value ?? null) : (JSON.stringify(sorted) ?? 'null');
}

const unusual = Symbol('unusual');

/** A copy whose keys stand in the order of RFC 8785, unless an object cannot hold that order or JSON that value. */
function sortedCopy(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : unusual;
  if (typeof value === 'number') return Number.isFinite(value) ? value : unusual;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxSortedDepth) return unusual;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (const item of value) {
      const sorted = sortedCopy(item, depth + 1);
      if (sorted === unusual) return unusual;
      list.push(sorted);
    }
    return list;
  }
  if ('toJSON' in value) return unusual;
  const object: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    // Objects put keys that look like array indexes first, and take `__proto__` for something else.
    if (/^\d|^__proto__$/.test(key) || !key.isWellFormed()) return unusual;
    const sorted = sortedCopy((value as Record<string, unknown>)[key], depth + 1);
    if (sorted === unusual) return unusual;
    object[key] = sorted;
  }
  return object;
}

/** The package goes deeper than the stack. */
const maxSortedDepth = 500;

function canonicalOfAny(value: unknown): string {
  try {
    return canonicalize(value) ?? 'null';
  } catch {
    return canonicalize(representable(value)) ?? 'null';
  }
}

function representable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(representable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toWellFormed(), representable(inner)]));
}
