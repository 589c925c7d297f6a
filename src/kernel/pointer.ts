import { isObject, type Json } from './json.ts';

/** A JSON pointer (RFC 6901): empty, or parts that each begin with a slash, in which `~` is `~0` and `/` is `~1`. */
export const pointerPattern = /^(?:\/(?:[^~/]|~[01])*)*$/;

/** The value at a pointer; undefined where there is none. */
export function valueAt(value: Json | undefined, pointer: string): Json | undefined {
  const parts = pointer.split('/').slice(1);
  return parts.reduce<Json | undefined>((inner, part) => {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(inner)) return /^(?:0|[1-9][0-9]*)$/.test(name) ? inner[Number(name)] : undefined;
    return isObject(inner) && Object.hasOwn(inner, name) ? (inner[name] as Json) : undefined;
  }, value);
}
