import { sql } from 'kysely';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';

type IdempotencyTables = {
  idempotency_keys: {
    org: string;
    principal: string;
    key: string;
    digest: string;
    call_id: string;
    life: string;
    /** `bigint` comes out of the driver as text. */
    lease_until: number | string;
    expires_at: number | string;
    outcome: string | null;
    answer: string | null;
  };
};

/** A key in the hands of one call. Times are milliseconds since the epoch. */
export interface Claim {
  principal: string;
  key: string;
  digest: string;
  callId: string;
  life: string;
  leaseUntil: number;
  expiresAt: number;
}

export interface KnownKey {
  digest: string;
  callId: string;
  leaseUntil: number;
  /** Absent while it runs. */
  done?: { outcome: string; answer: string | null };
}

export interface Bounds {
  /** Newest keys kept of one organisation. */
  maxKeys: number;
  /** Characters of answers kept of one organisation, newest first. */
  maxAnswers: number;
}

const tables = (db: Db) => db.withTables<IdempotencyTables>();

/** Takes a key that nobody has, or whose time is over. False when somebody has it. */
export async function claimKey(db: Db, org: OrgId, claim: Claim, nowMs: number): Promise<boolean> {
  const { principal, key, digest, callId, life, leaseUntil, expiresAt } = claim;
  const fields = {
    digest,
    call_id: callId,
    life,
    lease_until: leaseUntil,
    expires_at: expiresAt,
    outcome: null,
    answer: null,
  };
  const result = await tables(db)
    .insertInto('idempotency_keys')
    .values({ org, principal, key, ...fields })
    .onConflict((on) =>
      on.columns(['org', 'principal', 'key']).doUpdateSet(fields).where('idempotency_keys.expires_at', '<=', nowMs),
    )
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

export async function findKey(db: Db, org: OrgId, principal: string, key: string): Promise<KnownKey | undefined> {
  const row = await tables(db)
    .selectFrom('idempotency_keys')
    .select(['digest', 'call_id', 'lease_until', 'outcome', 'answer'])
    .where('org', '=', org)
    .where('principal', '=', principal)
    .where('key', '=', key)
    .executeTakeFirst();
  if (!row) return undefined;
  const { digest, call_id: callId, lease_until: leaseUntil, outcome, answer } = row;
  return {
    digest,
    callId,
    leaseUntil: Number(leaseUntil),
    ...(outcome === null ? {} : { done: { outcome, answer } }),
  };
}

/** Only the call that took the key can end it. */
export async function finishKey(
  db: Db,
  org: OrgId,
  { principal, key, callId }: Claim,
  done: { outcome: string; answer: string | null },
): Promise<void> {
  await tables(db)
    .updateTable('idempotency_keys')
    .set(done)
    .where('org', '=', org)
    .where('principal', '=', principal)
    .where('key', '=', key)
    .where('call_id', '=', callId)
    .execute();
}

/** Gives the key back, as if it had never been used. */
export async function releaseKey(db: Db, org: OrgId, { principal, key, callId }: Claim): Promise<void> {
  await tables(db)
    .deleteFrom('idempotency_keys')
    .where('org', '=', org)
    .where('principal', '=', principal)
    .where('key', '=', key)
    .where('call_id', '=', callId)
    .execute();
}

/** A sign of life for all that one server runs, of every organisation. */
export async function renewLeases(db: Db, life: string, leaseUntil: number): Promise<void> {
  await tables(db)
    .updateTable('idempotency_keys')
    .set({ lease_until: leaseUntil })
    .where('life', '=', life)
    .where('outcome', 'is', null)
    .execute();
}

/** Removes what is over, of every organisation, and what is beyond the bounds of one. */
export async function sweepKeys(db: Db, nowMs: number, { maxKeys, maxAnswers }: Bounds): Promise<void> {
  await tables(db).deleteFrom('idempotency_keys').where('expires_at', '<=', nowMs).execute();
  // An answer goes before its key does: without the key the request would run a second time.
  await sql`
    with ranked as (
      select org, principal, key,
        sum(length(answer)) over (partition by org order by expires_at desc, principal, key) as kept
      from idempotency_keys where answer is not null
    )
    update idempotency_keys as k set answer = null from ranked as r
    where k.org = r.org and k.principal = r.principal and k.key = r.key and r.kept > ${maxAnswers}
  `.execute(db);
  await sql`
    with ranked as (
      select org, principal, key, row_number() over (partition by org order by expires_at desc, principal, key) as place
      from idempotency_keys where outcome is not null
    )
    delete from idempotency_keys as k using ranked as r
    where k.org = r.org and k.principal = r.principal and k.key = r.key and r.place > ${maxKeys}
  `.execute(db);
}

interface KeptAnswer {
  org: OrgId;
  principal: string;
  key: string;
  answer: string;
}

const answersPage = 200;

/** Sealed answers of every organisation after one of them, a page at a time. */
export async function listAnswers(db: Db, after: KeptAnswer | undefined): Promise<KeptAnswer[]> {
  const { rows } = await sql<KeptAnswer>`
    select org, principal, key, answer from idempotency_keys
    where answer is not null
      ${after ? sql`and (org, principal, key) > (${after.org}, ${after.principal}, ${after.key})` : sql``}
    order by org, principal, key limit ${answersPage}`.execute(db);
  return rows;
}

/** Replaces a sealed answer, unless it is another one by now. */
export async function resealAnswer(db: Db, org: OrgId, { principal, key, answer }: KeptAnswer, next: string) {
  await tables(db)
    .updateTable('idempotency_keys')
    .set({ answer: next })
    .where('org', '=', org)
    .where('principal', '=', principal)
    .where('key', '=', key)
    .where('answer', '=', answer)
    .execute();
}

/** Removes everything of one organisation. */
export async function purgeIdempotency(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('idempotency_keys').where('org', '=', org).execute();
}
