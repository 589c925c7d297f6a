import { z } from 'zod';
import { InvalidRequest, NotFound } from '../../../kernel/errors.ts';
import { newId, randomToken } from '../../../kernel/ids.ts';
import { defaultOrg, type Principal } from '../../../kernel/principal.ts';
import { Forbidden, InvalidCredential, RightsExceeded } from '../errors.ts';
import { hashOfKey, type KeyDeps, keyInput } from '../keys.ts';
import { may } from '../scopes.ts';
import { bumpRevision, insertKey } from '../store.ts';
import { type BreakGlassCredential, endBreakGlass, listBreakGlass, unseal } from './store.ts';

const secretBytes = 32;
const minute = 60_000;
const usualMs = 60 * minute;

/** By what a sealed credential is known, so that one that does not count any more is heard of. */
export const sealedPrefix = 'flbg_';

/** What a sealed credential is called; for surfaces to build their own schemas on. */
export const sealInput = z.strictObject({
  name: keyInput.shape.name.describe('Where it lies, such as "safe in the office"'),
  expiresAt: keyInput.shape.expiresAt,
});
export type SealInput = z.infer<typeof sealInput>;

/** What has to be said to use one. */
export const activationInput = z.strictObject({
  reason: z
    .string()
    .trim()
    .min(10, 'must say in 10 characters or more what has happened')
    .max(500)
    .regex(/^\P{Cc}*$/u, 'must have no control characters')
    .describe('What has happened; it stands in the log and the audit'),
  forMs: z
    .int()
    .min(minute)
    .max(4 * usualMs)
    .default(usualMs)
    .describe('How long the access lasts, in milliseconds; an hour when absent, four at most'),
});

export interface Sealed {
  credential: BreakGlassCredential;
  /** `flbg_...`: shown once, kept as a hash. */
  secret: string;
}

export interface Activated {
  credential: BreakGlassCredential;
  /** A key for administration until it ends. */
  secret: string;
}

/**
 * Makes a credential for an envelope. Until it is used it opens nothing but its own use.
 *
 * @throws Forbidden, RightsExceeded for who may not do everything; InvalidRequest
 */
export async function seal(
  { db, keyring, clock }: KeyDeps,
  input: SealInput & { createdBy: Principal },
): Promise<Sealed> {
  const { createdBy, name, expiresAt } = input;
  if (!may(createdBy, 'orgs:write')) throw Forbidden({ scope: 'orgs:write' });
  if (!createdBy.scopes.includes('*')) throw RightsExceeded({ excess: 'whoever uses it may do everything' });
  const now = clock.now();
  if (expiresAt !== undefined && expiresAt <= now)
    throw InvalidRequest({ faults: 'expiresAt: must lie in the future' });
  const id = newId('bg', now);
  const secret = `${sealedPrefix}${id.slice('bg_'.length)}_${randomToken(secretBytes)}`;
  const key = { ...common(id, name, createdBy.id, now), roles: [], scopes: [], ...(expiresAt ? { expiresAt } : {}) };
  await db.transaction().execute(async (tx) => {
    await insertKey(tx, defaultOrg, key, hashOfKey(keyring, secret), { purpose: 'sealed' });
    await bumpRevision(tx);
  });
  const credential: BreakGlassCredential = {
    id,
    kind: 'sealed',
    name,
    createdBy: createdBy.id,
    createdAt: now,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  return { credential, secret };
}

/** Whether somebody came with a sealed credential: it may nothing but be used. */
export function isSealed({ credential, roles }: Principal): boolean {
  return credential.kind === 'break_glass' && roles.length === 0;
}

/** Opens the envelope, once. Throws InvalidCredential where there is none, or it was opened before. */
export async function activate(
  { db, keyring, clock }: KeyDeps,
  by: Principal,
  { reason, forMs }: z.infer<typeof activationInput>,
): Promise<Activated> {
  if (!isSealed(by)) throw InvalidCredential({ reason: 'it is no sealed break-glass credential' });
  const now = clock.now();
  const id = newId('bg', now);
  const secret = `flbs_${id.slice('bg_'.length)}_${randomToken(secretBytes)}`;
  const expiresAt = now + forMs;
  const key = { ...common(id, by.name, by.id, now), roles: ['admin'], scopes: ['*'], expiresAt };
  await db.transaction().execute(async (tx) => {
    if (!(await unseal(tx, by.org, by.credential.id, reason, now)))
      throw InvalidCredential({ reason: 'this break-glass credential was used before, or has expired' });
    await insertKey(tx, by.org, key, hashOfKey(keyring, secret), { purpose: 'break_glass', reason });
    await bumpRevision(tx);
  });
  const credential = {
    id,
    kind: 'active' as const,
    name: by.name,
    createdBy: by.id,
    createdAt: now,
    expiresAt,
    reason,
  };
  return { credential, secret };
}

/** Throws NotFound for one that is not there, or has ended. */
export async function end({ db, clock }: Pick<KeyDeps, 'db' | 'clock'>, id: string): Promise<void> {
  if (!(await db.transaction().execute((tx) => endBreakGlass(tx, defaultOrg, id, clock.now()))))
    throw NotFound({ what: 'break-glass credential', id });
}

export const list = ({ db }: Pick<KeyDeps, 'db'>): Promise<BreakGlassCredential[]> => listBreakGlass(db, defaultOrg);

const common = (id: string, name: string, createdBy: string, createdAt: number) => ({
  id,
  name,
  owner: 'break-glass',
  createdBy,
  createdAt,
  bootstrap: false,
});
