import { isObject, type JsonObject } from './json.ts';

const ours = /^dev\.fairlead\/|^io\.modelcontextprotocol\/serverInfo$/;

/** An object of a provider without the `_meta` keys by which Fairlead itself speaks to its clients. */
export function withoutOurMeta(value: JsonObject): JsonObject {
  if (!isObject(value._meta)) return value;
  const meta = Object.entries(value._meta as JsonObject);
  const kept = meta.filter(([key]) => !ours.test(key));
  if (kept.length === meta.length) return value;
  const { _meta, ...rest } = value;
  return kept.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(kept) };
}
