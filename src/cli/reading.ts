import { isObject, type JsonObject } from '../kernel/json.ts';

/** The objects of a list in a reply; none when it is no list. */
export function listIn(body: JsonObject, field: string): JsonObject[] {
  const value = body[field];
  return Array.isArray(value) ? (value.filter(isObject) as JsonObject[]) : [];
}

/** The texts of a list in a reply, with commas between. */
export function textsIn(body: JsonObject, field: string): string {
  const value = body[field];
  return Array.isArray(value) ? value.map(String).join(', ') : '';
}
