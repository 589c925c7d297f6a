import { z } from 'zod';
import { roleNames } from '../../config/schema.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Conflict, InvalidRequest, NotFound } from '../../kernel/errors.ts';
import { newId, randomToken } from '../../kernel/ids.ts';
import { defaultOrg, type OrgId, type Principal } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import { RightsExceeded } from './errors.ts';
import { type Owners, rolesUpTo } from './owners.ts';
import { systemPrincipal } from './principals.ts';
import { mayActIn, requireScope, rolesBeyond, rolesCarry, type Scope, scopeNames } from './scopes.ts';
import {
  type ApiKey,
  bootstrapKeys,
  bumpRevision,
  insertKey,
  lockBootstrap,
  namesUnknownOrg,
  revokeKey as revokeKeyRow,
} from './store.ts';

export const secretBytes = 24;
const bootstrapMinLength = 32;

/** All that is needed to make keys, with no server running. */
export interface KeyDeps {
  db: Db;
  keyring: Keyring;
  clock: Clock;
  /** Who is a member now; without them no key is anybody's. */
  owners?: Owners | undefined;
}

const line = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'must have no control characters');

/** What somebody says who wants a key; for surfaces to build their own schemas on. */
export const keyInput = z.strictObject({
  name: line.describe('What people call it'),
  roles: z.array(z.enum(roleNames)).min(1).max(roleNames.length),
  scopes: z
    .array(z.enum(scopeNames))
    .min(1)
    .max(scopeNames.length)
    .optional()
    .describe('What it may be used for; all that its roles carry when absent'),
  expiresAt: z.int().positive().optional().describe('Milliseconds since the epoch; never when absent'),
  owner: line.optional().describe('Who answers for it; its maker, or the member whose key it is, when absent'),
  userId: z
    .string()
    .max(100)
    .optional()
    .describe('The member whose key it is: it may no more than that person may, acts for them, and ends with them'),
});
export type KeyInput = z.infer<typeof keyInput>;

export interface KeyRequest extends KeyInput {
  org: OrgId;
  /** Whose rights bound those of the key; `systemPrincipal()` for whoever holds database and secret. */
  createdBy: Principal;
}

export interface CreatedKey {
  key: ApiKey;
  /** `fl_<26 characters of the id>_<39 characters of secret>`: shown once, kept nowhere. */
  secret: string;
}

/** The keyed hash under which a key is kept. HTTP trims header values, so white space around it cannot count. */
export function hashOfKey(keyring: Keyring, secret: string): string {
  return keyring.hash('api-keys', secret.trim());
}

/** Every hash under which a key may be kept: one made before the server's secret changed still counts. */
export function hashesOfKey(keyring: Keyring, secret: string): readonly string[] {
  return keyring.hashes('api-keys', secret.trim());
}

/**
 * Makes a key. Without scopes it gets all that its roles carry, as far as the maker holds it.
 * A running server knows the key within half a second.
 *
 * @throws InvalidRequest; Forbidden without `keys:write`; RightsExceeded; NotFound for the organisation
 */
export async function createKey({ db, keyring, clock, owners }: KeyDeps, request: KeyRequest): Promise<CreatedKey> {
  const { org, createdBy, ...rest } = request;
  requireScope(createdBy, 'keys:write');
  if (!mayActIn(createdBy, org)) throw unknownOrg(org);
  const input = parseInput(rest);
  const now = clock.now();
  const expiresAt = expiryWithin(createdBy, input.expiresAt, now);
  const member = input.userId === undefined ? undefined : await ownerOf(owners, org, input);
  const id = newId('key', now);
  const secret = `fl_${id.slice('key_'.length)}_${randomToken(secretBytes)}`;
  const key: Omit<ApiKey, 'org'> = {
    id,
    name: input.name,
    roles: rolesWithin(createdBy, input.roles),
    scopes: scopesWithin(createdBy, org, input),
    owner: input.owner ?? member?.email ?? createdBy.name,
    ...(input.userId === undefined ? {} : { userId: input.userId }),
    createdBy: createdBy.id,
    createdAt: now,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    bootstrap: false,
  };
  try {
    await db.transaction().execute(async (tx) => {
      await insertKey(tx, org, key, hashOfKey(keyring, secret));
      await bumpRevision(tx);
    });
  } catch (error) {
    throw namesUnknownOrg(error) ? unknownOrg(org) : error;
  }
  return { key: { ...key, org }, secret };
}

/** Ends a key for good; a second time changes nothing. Throws NotFound where the organisation has no such key. */
export async function revokeKey({ db, clock }: Omit<KeyDeps, 'keyring'>, org: OrgId, id: string): Promise<ApiKey> {
  return db.transaction().execute(async (tx) => {
    const revoked = await revokeKeyRow(tx, org, id, clock.now());
    if (!revoked) throw NotFound({ what: 'key', id });
    await bumpRevision(tx);
    return revoked;
  });
}

/**
 * Sees to it that there is an admin key of the default organisation.
 *
 * With a secret (32 characters or more): that text is the bootstrap key from now on, and the one before stops
 * working. Without one: makes a key when there never was any, and leaves everything as it is otherwise, so a
 * secret given at an earlier start still counts. Resolves to the new key, whose secret is to be shown once, or to
 * undefined when nothing was made or the secret is the operator's own.
 *
 * @throws InvalidRequest when the secret is too short; Conflict when it is the text of another key
 */
export async function setBootstrapKey(
  { db, keyring, clock }: KeyDeps,
  { secret }: { secret?: string } = {},
): Promise<CreatedKey | undefined> {
  if (secret !== undefined && secret.trim().length < bootstrapMinLength)
    throw InvalidRequest({ faults: `the admin key must have ${bootstrapMinLength} characters or more` });
  const now = clock.now();
  const id = newId('key', now);
  const text = secret ?? `fl_${id.slice('key_'.length)}_${randomToken(secretBytes)}`;
  const hash = hashOfKey(keyring, text);
  const hashes = hashesOfKey(keyring, text);
  const maker = systemPrincipal();
  const key: Omit<ApiKey, 'org'> = {
    id,
    name: 'bootstrap',
    roles: ['admin'],
    scopes: ['*'],
    owner: maker.name,
    createdBy: maker.id,
    createdAt: now,
    bootstrap: true,
  };
  const made = await db.transaction().execute(async (tx) => {
    await lockBootstrap(tx);
    const known = await bootstrapKeys(tx, defaultOrg);
    if (secret === undefined && known.length > 0) return false;
    const living = known.filter(({ key }) => key.revokedAt === undefined);
    const outdated = living.filter((entry) => !hashes.includes(entry.hash));
    const stands = living.length > outdated.length;
    if (stands && outdated.length === 0) return false;
    for (const entry of outdated) await revokeKeyRow(tx, defaultOrg, entry.key.id, now);
    if (!stands && !(await insertKey(tx, defaultOrg, key, hash)))
      throw Conflict({
        reason: 'The admin key is the text of another API key.',
        remedy: 'Choose another text for FAIRLEAD_ADMIN_KEY.',
      });
    await bumpRevision(tx);
    return !stands;
  });
  return made && secret === undefined ? { key: { ...key, org: defaultOrg }, secret: text } : undefined;
}

function parseInput(input: unknown): KeyInput {
  const parsed = keyInput.safeParse(input);
  if (parsed.success) return parsed.data;
  throw InvalidRequest({ faults: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) });
}

async function ownerOf(owners: Owners | undefined, org: OrgId, { userId = '', roles }: KeyInput) {
  await owners?.wake();
  const member = owners?.member(userId, org);
  if (!member) throw InvalidRequest({ faults: 'userId: is no member of this organisation' });
  const excess = roles.filter((role) => !rolesUpTo(member.role, [role]).includes(role));
  if (excess.length > 0) throw RightsExceeded({ excess: `role ${excess.join(', ')} is not its owner's` });
  return member;
}

function rolesWithin(maker: Principal, roles: KeyInput['roles']): string[] {
  const excess = rolesBeyond(maker.roles, roles);
  if (excess.length > 0) throw RightsExceeded({ excess: `role ${excess.join(', ')}` });
  return [...new Set(roles)];
}

function scopesWithin(maker: Principal, org: OrgId, { roles, scopes }: KeyInput): Scope[] {
  const held = (scope: Scope) => maker.scopes.includes('*') || maker.scopes.includes(scope);
  const carried = (scope: Scope) => scope === '*' || rolesCarry(roles, org, scope);
  if (!scopes) {
    const rest = held('*')
      ? (['*'] as const)
      : scopeNames.filter((scope) => held(scope) && rolesCarry(roles, org, scope));
    if (rest.length === 0) throw RightsExceeded({ excess: `no scope of the roles ${roles.join(', ')} is yours` });
    return [...rest];
  }
  const useless = scopes.filter((scope) => !carried(scope));
  if (useless.length > 0)
    throw InvalidRequest({ faults: `the roles ${roles.join(', ')} do not carry ${useless.join(', ')} here` });
  const excess = scopes.filter((scope) => !held(scope));
  if (excess.length > 0) throw RightsExceeded({ excess: `scope ${excess.join(', ')}` });
  return [...new Set(scopes)];
}

/**
 * A key that ends must not make one that outlives it. A token ends within the hour, but stands for somebody who
 * can sign in again, and does not bound the keys made with it.
 */
export function expiryWithin(maker: Principal, wanted: number | undefined, now: number): number | undefined {
  if (wanted !== undefined && wanted <= now) throw InvalidRequest({ faults: 'expiresAt: must lie in the future' });
  const bound = maker.credential.kind === 'api_key' ? maker.expiresAt : undefined;
  if (bound !== undefined && wanted !== undefined && wanted > bound)
    throw RightsExceeded({ excess: 'the key would outlive the one that makes it' });
  return wanted ?? bound;
}

const unknownOrg = (org: OrgId) => NotFound({ what: 'organisation', id: org });
