import { isObject, type JsonObject } from '../kernel/json.ts';
import { textsIn } from './reading.ts';
import { moment } from './terminal.ts';
import { fromNow } from './when.ts';

/** Whether a key counts. */
export function keyState(key: JsonObject, now: number): 'active' | 'revoked' | 'expired' {
  if (key.revokedAt !== undefined) return 'revoked';
  return typeof key.expiresAt === 'number' && key.expiresAt <= now ? 'expired' : 'active';
}

/** All that is known of a key, line by line. */
export function keyFacts(key: JsonObject, now: number): [string, string | undefined][] {
  const at = (ms: unknown) => (typeof ms === 'number' ? `${moment(ms)} (${fromNow(ms, now)})` : undefined);
  const previous = isObject(key.previous) ? (key.previous as JsonObject) : undefined;
  const from = typeof key.lastUsedFrom === 'string' ? `, from ${key.lastUsedFrom}` : '';
  return [
    ['id', String(key.id)],
    ['name', String(key.name)],
    ['organisation', String(key.org)],
    ['state', keyState(key, now)],
    ['roles', textsIn(key, 'roles')],
    ['scopes', textsIn(key, 'scopes')],
    ['owner', `${key.owner}${key.userId === undefined ? '' : ` (${key.userId}: never more than they may)`}`],
    ['made by', `${key.createdBy}, ${moment(key.createdAt)}`],
    ['expires', at(key.expiresAt) ?? 'never'],
    ['last used', key.lastUsedAt === undefined ? 'never' : `${at(key.lastUsedAt)}${from}`],
    ['rotated', at(key.rotatedAt)],
    ['old secret', previous && `counts until ${at(previous.until)}`],
    ['', previous && `last used: ${at(previous.lastUsedAt) ?? 'not since the rotation'}`],
    ['revoked', at(key.revokedAt)],
  ];
}

/** Scopes in a column: all, the only one, or how many. */
export function scopesInShort(entry: JsonObject): string {
  const scopes = Array.isArray(entry.scopes) ? entry.scopes.map(String) : [];
  if (scopes.includes('*')) return 'all';
  return scopes.length === 1 ? (scopes[0] ?? '') : `${scopes.length} scopes`;
}
