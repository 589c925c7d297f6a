import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** `sha256:<hex>` over the RFC 8785 (JSON Canonicalization Scheme) text of a JSON value. */
export function digestOf(value: unknown): string {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
}

/** The RFC 8785 text of a JSON value; `undefined` counts as null. */
export function canonicalJson(value: unknown): string {
  return canonicalize(value ?? null) ?? 'null';
}
