import { canonicalJson } from '../../kernel/digest.ts';

/**
 * The RFC 8785 text of a JSON value: what `canonicalJson` gives, at a quarter of its cost, since every result of every
 * call passes here. Text that RFC 8785 does not know (lone surrogates) is escaped; undefined for what is not JSON.
 */
export function canonicalText(value: unknown): string | undefined {
  try {
    const sorted = inOrder(value);
    return sorted === unfit ? canonicalJson(value) : JSON.stringify(sorted);
  } catch {
    try {
      return JSON.stringify(value);
    } catch {
      return undefined;
    }
  }
}

const unfit = Symbol('unfit');

/** A copy whose keys stand in RFC 8785's order, unless objects cannot hold that order or the value is unusual. */
function inOrder(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : unfit;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (const item of value) {
      const sorted = inOrder(item);
      if (sorted === unfit) return unfit;
      list.push(sorted);
    }
    return list;
  }
  if ('toJSON' in value) return unfit;
  const object: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    // Objects put keys that look like array indexes first, and take `__proto__` for something else.
    if (/^\d|^__proto__$/.test(key)) return unfit;
    const sorted = inOrder((value as Record<string, unknown>)[key]);
    if (sorted === unfit) return unfit;
    object[key] = sorted;
  }
  return object;
}
