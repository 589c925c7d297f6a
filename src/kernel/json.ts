export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface JsonLimits {
  /** Largest text accepted, in UTF-16 units. */
  maxLength?: number;
  /** Deepest nesting of arrays and objects accepted. */
  maxDepth?: number;
}

/** Thrown by `parseJson`; the message says what is wrong without quoting the text. */
export class JsonFault extends Error {
  override name = 'JsonFault';
}

/**
 * Parses text that came from outside: the one place where foreign JSON becomes values.
 * Refuses text that is too long, nested too deeply, or that names `__proto__`. Throws `JsonFault`.
 */
export function parseJson(text: string, { maxLength = 16 * 1024 * 1024, maxDepth = 128 }: JsonLimits = {}): unknown {
  if (text.length > maxLength) throw new JsonFault(`JSON text is longer than ${maxLength} characters`);
  if (nestsDeeperThan(text, maxDepth)) throw new JsonFault(`JSON is nested deeper than ${maxDepth} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JsonFault('not valid JSON');
  }
  // JSON.parse makes `__proto__` an own key; a later spread or assignment would turn it into a prototype.
  // The key may also be spelled with escapes.
  if ((text.includes('__proto__') || text.includes('\\u')) && hasProtoKey(value))
    throw new JsonFault('JSON names the key __proto__');
  return value;
}

// Looks at the text before it is parsed: JSON.parse itself recurses natively and building the value is the costly part.
function nestsDeeperThan(text: string, maxDepth: number): boolean {
  if (!opensMoreThan(text, maxDepth)) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

/** Most texts do not even open as many, which takes a fraction of the time to see. */
function opensMoreThan(text: string, count: number): boolean {
  let left = count;
  for (const opener of ['{', '[']) {
    for (let at = text.indexOf(opener); at >= 0; at = text.indexOf(opener, at + 1)) if (--left < 0) return true;
  }
  return false;
}

function hasProtoKey(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasProtoKey);
  if (!isObject(value)) return false;
  return Object.keys(value).some((key) => key === '__proto__' || hasProtoKey(value[key]));
}

/** As a database can keep it, which takes neither the character 0 nor half of a character. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}
