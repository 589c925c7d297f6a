import { isObject } from '../../../kernel/json.ts';
import type { ParameterPlan, Serialization } from './plan.ts';

// The table of styles in OpenAPI 3.1.1, 4.8.12.4, and what is usual where that leaves a case open.

/** What goes into a query or a form, as `name=value` texts that are encoded already. */
export function queryPairs(name: string, value: unknown, how: Serialization): string[] {
  const encode = how.allowReserved ? encodeAllButReserved : encodeAll;
  const key = encodeAll(name);
  if (value === undefined || value === null) return [];
  if (how.json) return [`${key}=${encode(JSON.stringify(value))}`];
  if (how.style === 'deepObject' && typeof value === 'object') return deepPairs(name, value, encode);
  const separator = how.style === 'spaceDelimited' ? '%20' : how.style === 'pipeDelimited' ? '%7C' : ',';
  if (Array.isArray(value)) {
    const items = value.map((item) => encode(textOf(item)));
    if (how.explode) return items.map((item) => `${key}=${item}`);
    return items.length > 0 ? [`${key}=${items.join(separator)}`] : [];
  }
  if (isObject(value)) {
    const entries = entriesOf(value);
    if (how.explode) return entries.map(([field, item]) => `${encodeAll(field)}=${encode(textOf(item))}`);
    const flat = entries.flatMap(([field, item]) => [encodeAll(field), encode(textOf(item))]);
    return flat.length > 0 ? [`${key}=${flat.join(separator)}`] : [];
  }
  return [`${key}=${encode(textOf(value))}`];
}

function deepPairs(name: string, value: object, encode: (text: string) => string): string[] {
  return entriesOf(value).flatMap(([key, item]) => {
    const inner = `${name}[${key}]`;
    return typeof item === 'object' && item !== null
      ? deepPairs(inner, item, encode)
      : [`${encodeAll(inner)}=${encode(textOf(item))}`];
  });
}

/** What stands in the place of `{name}` in a path. */
export function pathText({ name, style, explode, json }: ParameterPlan, value: unknown): string {
  const encoded = (item: unknown) => encodeAll(textOf(item));
  if (json) return encodeAll(JSON.stringify(value));
  if (style === 'matrix') return matrixText(encodeAll(name), value, explode, encoded);
  const lead = style === 'label' ? '.' : '';
  const separator = style === 'label' && explode ? '.' : ',';
  return `${lead}${listed(value, explode, encoded).join(separator)}`;
}

function matrixText(name: string, value: unknown, explode: boolean, encoded: (item: unknown) => string): string {
  if (!explode || typeof value !== 'object' || value === null)
    return `;${name}=${listed(value, false, encoded).join(',')}`;
  const pairs = isObject(value)
    ? entriesOf(value).map(([key, item]) => `${encodeAll(key)}=${encoded(item)}`)
    : listed(value, false, encoded).map((item) => `${name}=${item}`);
  return pairs.map((pair) => `;${pair}`).join('');
}

/** The value of a header, or of a cookie where `encode` is given. */
export function headerText({ explode, json }: Serialization, value: unknown, encode = (text: string) => text): string {
  if (json) return encode(JSON.stringify(value));
  return listed(value, explode, (item) => encode(textOf(item))).join(',');
}

/** The items of a list, the fields of an object, or a single value. */
function listed(value: unknown, explode: boolean, text: (item: unknown) => string): string[] {
  if (Array.isArray(value)) return value.map(text);
  if (!isObject(value)) return [text(value)];
  const entries = entriesOf(value);
  return explode
    ? entries.map(([key, item]) => `${text(key)}=${text(item)}`)
    : entries.flatMap(([key, item]) => [text(key), text(item)]);
}

function entriesOf(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, item]) => item !== undefined && item !== null);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** RFC 3986: everything but its unreserved characters. */
export function encodeAll(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `&`, `#` and `+` would change what the rest of the URL means, so they are encoded all the same. */
function encodeAllButReserved(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/%(2F|3A|3F|40|2C|3B|24|3D)/g, decodeURIComponent);
}
