import { type SqlBool, sql } from 'kysely';
import type { Outcome } from '../../../kernel/call.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/index.ts';
import { approvalOf, type Big, type KeptApproval, tables } from '../row.ts';

const startable = ['pending', 'deferred', 'approved'];
/** A tool that bears it is run so often at most, should each server that runs it die. */
const mostRuns = 3;

/** What an approval is bound to. */
export interface Binding {
  principal: string;
  tool: string;
  toolDigest: string;
  argumentDigest: string;
  policyVersion: string;
}

export interface Claim {
  life: string;
  leaseUntil: number;
  callId: string;
}

/** Uses the approval up for one call, if it is approved, unused, in time, and for just this. Committed when it resolves. */
export async function claimApproval(
  db: Db,
  org: OrgId,
  id: string,
  bound: Binding,
  { life, leaseUntil, callId }: Claim,
  nowMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await tables(db)
    .updateTable('approvals')
    .set((of) => ({
      state: 'claimed',
      life,
      lease_until: leaseUntil,
      run_call_id: callId,
      runs: of('runs', '+', 1),
    }))
    .where('org', '=', org)
    .where('id', '=', id)
    .where('state', '=', 'approved')
    .where('principal', '=', bound.principal)
    .where('tool', '=', bound.tool)
    .where('tool_digest', '=', bound.toolDigest)
    .where(sql<SqlBool>`coalesce(edited_digest, argument_digest) = ${bound.argumentDigest}`)
    .where('policy_version', '=', bound.policyVersion)
    .where('expires_at', '>', nowMs)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export interface Finished {
  state: 'done' | 'failed';
  outcome: Outcome;
  outcomeUnknown: boolean;
  reason: string | null;
  answer: string | null;
  endedAt: number;
}

/**
 * Ends the call that holds the claim. An end that comes after the server was given up for dead takes the place of the
 * unknown one.
 */
export async function finishApproval(db: Db, org: OrgId, id: string, callId: string, end: Finished): Promise<boolean> {
  const { state, outcome, outcomeUnknown, reason, answer, endedAt } = end;
  const { numUpdatedRows } = await tables(db)
    .updateTable('approvals')
    .set({ state, outcome, outcome_unknown: outcomeUnknown, reason, answer, ended_at: endedAt })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('run_call_id', '=', callId)
    .where((is) =>
      is.or([is('state', '=', 'claimed'), is.and([is('state', '=', 'failed'), is('outcome_unknown', '=', true)])]),
    )
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Lets whoever is first make a call that was kept for one server. False where that has begun it, or never kept it. */
export async function freeApproval(db: Db, org: OrgId, id: string, life: string): Promise<boolean> {
  const { numUpdatedRows } = await tables(db)
    .updateTable('approvals')
    .set({ life: null, lease_until: null })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('state', '=', 'approved')
    .where('life', '=', life)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Nothing ran: the approval can be used again. */
export async function releaseApproval(db: Db, org: OrgId, id: string, callId: string): Promise<void> {
  await tables(db)
    .updateTable('approvals')
    .set({
      state: 'approved',
      life: null,
      lease_until: null,
      run_call_id: null,
      // What was saved for this run may be out of date by the next one.
      backup: sql`case when backup is null then null else jsonb_build_object('tool', backup -> 'tool') end`,
    })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('state', '=', 'claimed')
    .where('run_call_id', '=', callId)
    .execute();
}

/** Ends what has not been started. False when it has, or is over. */
export async function voidApproval(db: Db, org: OrgId, id: string, reason: string, nowMs: number): Promise<boolean> {
  const { numUpdatedRows } = await tables(db)
    .updateTable('approvals')
    .set({ state: 'void', reason, ended_at: nowMs })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('state', 'in', startable)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** What waits for a decision, of every organisation, by what it is bound to. */
export async function listBounds(db: Db, beforeMs: number) {
  const rows = await tables(db)
    .selectFrom('approvals')
    .select(['org', 'tool', 'tool_digest', 'policy_version'])
    .distinct()
    .where('state', 'in', ['pending', 'deferred'])
    .where('created_at', '<=', beforeMs)
    .execute();
  return rows.map(({ org, tool, tool_digest: toolDigest, policy_version: policyVersion }) => ({
    org,
    tool,
    toolDigest,
    policyVersion,
  }));
}

/** Ends what waits for a decision under a policy or a definition that is not in force any more. One server gets each of them. */
export async function voidBounds(
  db: Db,
  org: OrgId,
  { tool, toolDigest, policyVersion }: Omit<Binding, 'principal' | 'argumentDigest'>,
  reason: string,
  nowMs: number,
): Promise<KeptApproval[]> {
  const rows = await tables(db)
    .updateTable('approvals')
    .set({ state: 'void', reason, ended_at: nowMs })
    .where('org', '=', org)
    .where('tool', '=', tool)
    .where('tool_digest', '=', toolDigest)
    .where('policy_version', '=', policyVersion)
    .where('state', 'in', ['pending', 'deferred'])
    .returningAll()
    .execute();
  return rows.map(approvalOf);
}

/** Ends all that a person, or a key of theirs, asked for and that has not been started. Resolves to how many. */
export async function voidApprovalsOf(db: Db, org: OrgId, subject: string, nowMs: number): Promise<number> {
  const { numUpdatedRows } = await tables(db)
    .updateTable('approvals')
    .set({ state: 'void', reason: 'the access of who asked for it was ended', ended_at: nowMs })
    .where('org', '=', org)
    .where('subject', '=', subject)
    .where('state', 'in', startable)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Ends what nobody started in time, of every organisation. One server gets each of them. */
export async function expireApprovals(db: Db, nowMs: number): Promise<KeptApproval[]> {
  const rows = await tables(db)
    .updateTable('approvals')
    .set({ state: 'expired', ended_at: nowMs })
    .where('state', 'in', startable)
    .where('expires_at', '<=', nowMs)
    .returningAll()
    .execute();
  return rows.map(approvalOf);
}

/**
 * What servers were running that are believed dead, of every organisation: a tool that bears it is started again, any other
 * has failed with an unknown outcome. One server gets each of them.
 * @param alone this run of the one server that there is: all others are known to be dead
 */
export async function abandonClaims(db: Db, nowMs: number, alone?: string): Promise<KeptApproval[]> {
  const again = sql<boolean>`repeatable and runs < ${mostRuns} and expires_at > ${nowMs}`;
  const rows = await tables(db)
    .updateTable('approvals')
    .set({
      state: sql<string>`case when ${again} then 'approved' else 'failed' end`,
      outcome: sql<string | null>`case when ${again} then null else 'failed' end`,
      outcome_unknown: sql<boolean>`not (${again})`,
      reason: sql<string | null>`case when ${again} then null else 'the server ended while the call was running' end`,
      ended_at: sql<Big | null>`case when ${again} then null else ${nowMs}::bigint end`,
      life: null,
      lease_until: null,
    })
    .where('state', '=', 'claimed')
    .where((is) =>
      alone === undefined
        ? is('lease_until', '<=', nowMs)
        : is.or([is('lease_until', '<=', nowMs), is('life', '!=', alone)]),
    )
    .returningAll()
    .execute();
  return rows.map(approvalOf);
}

/** A sign of life for all that one server runs, of every organisation. */
export async function renewClaims(db: Db, life: string, leaseUntil: number): Promise<void> {
  await tables(db)
    .updateTable('approvals')
    .set({ lease_until: leaseUntil })
    .where('life', '=', life)
    .where('state', '=', 'claimed')
    .execute();
}

/** What may be started by whoever is first, of every organisation, oldest first. @param but not these; tools as `org tool` */
export async function listApproved(
  db: Db,
  nowMs: number,
  limit: number,
  but: { ids: readonly string[]; orgs: readonly string[]; tools: readonly string[] },
): Promise<KeptApproval[]> {
  const rows = await tables(db)
    .selectFrom('approvals')
    .selectAll()
    .where('state', '=', 'approved')
    .where('expires_at', '>', nowMs)
    .where((is) => is.or([is('lease_until', 'is', null), is('lease_until', '<=', nowMs)]))
    .where(sql<boolean>`id <> all(${but.ids}::text[]) and org <> all(${but.orgs}::text[])`)
    .where(sql<boolean>`org || ' ' || tool <> all(${but.tools}::text[])`)
    .orderBy('decided_at')
    .limit(limit)
    .execute();
  return rows.map(approvalOf);
}

/** Removes what has been over since before, of every organisation. */
export async function removeEnded(db: Db, beforeMs: number): Promise<void> {
  await tables(db).deleteFrom('approvals').where('ended_at', '<', beforeMs).execute();
}
