import { z } from 'zod';
import { Conflict, InvalidRequest, NotFound } from '../../../kernel/errors.ts';
import { randomToken } from '../../../kernel/ids.ts';
import type { OrgId, Principal } from '../../../kernel/principal.ts';
import { RightsExceeded } from '../errors.ts';
import { type CreatedKey, expiryWithin, hashOfKey, type KeyDeps, keyInput, secretBytes } from '../keys.ts';
import { rolesBeyond } from '../scopes.ts';
import { type ApiKey, bumpRevision, getKey } from '../store.ts';
import { changeKey as changeRow, replaceHash } from './store.ts';

const dayMs = 86_400_000;
export const usualOverlapMs = dayMs;
const maxOverlapMs = 30 * dayMs;

/** How a secret is replaced; for surfaces to build their own schemas on. */
export const rotationInput = z.strictObject({
  overlapMs: z
    .int()
    .min(0)
    .max(maxOverlapMs)
    .default(usualOverlapMs)
    .describe('How long the old secret counts beside the new one, in milliseconds; 0 ends it at once'),
});

/** What may be changed of a key later on. */
export const keyChange = z
  .strictObject({
    name: keyInput.shape.name,
    owner: keyInput.shape.owner.unwrap(),
    expiresAt: z.int().positive().nullable().describe('Milliseconds since the epoch; never when null'),
  })
  .partial();
export type KeyChange = z.infer<typeof keyChange>;

/**
 * A new secret for a key, at once. Whoever gets it must hold what the key opens.
 *
 * @throws NotFound, RightsExceeded; Conflict for a key that has ended
 */
export async function rotateKey(
  { db, keyring, clock }: KeyDeps,
  org: OrgId,
  id: string,
  { by, overlapMs }: { by: Principal; overlapMs: number },
): Promise<CreatedKey> {
  const now = clock.now();
  const known = await livingKey(db, org, id, now);
  holdsAllOf(by, known);
  const secret = `fl_${id.slice('key_'.length)}_${randomToken(secretBytes)}`;
  const until = Math.min(now + overlapMs, known.expiresAt ?? Number.POSITIVE_INFINITY);
  const key = await db.transaction().execute(async (tx) => {
    const rotated = await replaceHash(tx, org, id, {
      hash: hashOfKey(keyring, secret),
      previousUntil: overlapMs > 0 ? until : undefined,
      atMs: now,
    });
    await bumpRevision(tx);
    return rotated;
  });
  if (!key) throw ended(id);
  return { key, secret };
}

/** Throws NotFound, InvalidRequest, RightsExceeded; Conflict for a key that was revoked. */
export async function changeKey(
  { db, clock }: Pick<KeyDeps, 'db' | 'clock'>,
  org: OrgId,
  id: string,
  { by, ...change }: KeyChange & { by: Principal },
): Promise<ApiKey> {
  const now = clock.now();
  const known = await getKey(db, org, id);
  if (!known) throw NotFound({ what: 'key', id });
  // Who lets a key live on lets what it opens stay open.
  if (change.expiresAt !== undefined) holdsAllOf(by, known);
  if (change.expiresAt === null && expiryWithin(by, undefined, now) !== undefined)
    throw RightsExceeded({ excess: 'the key would outlive the one that changes it' });
  if (typeof change.expiresAt === 'number') expiryWithin(by, change.expiresAt, now);
  if (Object.keys(change).length === 0) throw InvalidRequest({ faults: 'nothing is to be changed' });
  const key = await db.transaction().execute(async (tx) => {
    const changed = await changeRow(tx, org, id, change);
    await bumpRevision(tx);
    return changed;
  });
  if (!key) throw ended(id);
  return key;
}

async function livingKey(db: KeyDeps['db'], org: OrgId, id: string, now: number): Promise<ApiKey> {
  const key = await getKey(db, org, id);
  if (!key) throw NotFound({ what: 'key', id });
  if (key.revokedAt !== undefined || (key.expiresAt ?? Number.POSITIVE_INFINITY) <= now) throw ended(id);
  return key;
}

function holdsAllOf(by: Principal, { roles, scopes }: ApiKey): void {
  const beyond = rolesBeyond(by.roles, roles as Parameters<typeof rolesBeyond>[1]);
  if (beyond.length > 0) throw RightsExceeded({ excess: `role ${beyond.join(', ')}` });
  const excess = scopes.filter((scope) => !by.scopes.includes('*') && !by.scopes.includes(scope));
  if (excess.length > 0) throw RightsExceeded({ excess: `scope ${excess.join(', ')}` });
}

const ended = (id: string) =>
  Conflict({ reason: `The key ${id} has ended.`, remedy: 'Make a new one with `fairlead keys create`.' });
