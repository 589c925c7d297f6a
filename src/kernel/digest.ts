import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** `sha256:<hex>` over the RFC 8785 (JSON Canonicalization Scheme) text of a JSON value. */
export function digestOf(value: unknown): string {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
}

/**
 * The RFC 8785 text of a JSON value; `undefined` counts as null. What that text cannot hold, but a parsed JSON text
 * can (half a surrogate pair, a number beyond all bounds), is told by its replacement.
 */
export function canonicalJson(value: unknown): string {
  try {
    return canonicalize(value ?? null) ?? 'null';
  } catch {
    return canonicalize(representable(value ?? null)) ?? 'null';
  }
}

function representable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(representable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toWellFormed(), representable(inner)]));
}
