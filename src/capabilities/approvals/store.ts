import { type SqlBool, sql } from 'kysely';
import type { Outcome } from '../../kernel/call.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Approval, ApprovalState, Asker, ConsentKind, DecisionKind, GivenDecision } from './types.ts';

/** `bigint` comes out of the driver as text. */
type Big = number | string;

interface ApprovalRow {
  org: string;
  id: string;
  kind: string;
  state: string;
  principal: string;
  subject: string;
  asker: unknown;
  tool: string;
  tool_digest: string;
  argument_digest: string;
  request_digest: string;
  policy_version: string;
  rule: string;
  needed: number;
  approvers: unknown;
  repeatable: boolean;
  call_id: string;
  request: string;
  created_at: Big;
  expires_at: Big;
  decided_at: Big | null;
  life: string | null;
  lease_until: Big | null;
  runs: number;
  run_call_id: string | null;
  ended_at: Big | null;
  outcome: string | null;
  outcome_unknown: boolean;
  reason: string | null;
  answer: string | null;
}

type ApprovalTables = {
  approvals: ApprovalRow;
  approval_decisions: {
    org: string;
    approval: string;
    decision: string;
    decided_by: string;
    decided_by_name: string;
    subject: string;
    comment: string | null;
    at: Big;
  };
};

/** An approval with what only the house sees of it. */
export interface KeptApproval extends Approval {
  /** Sealed. */
  request: string;
  /** Sealed. */
  answer?: string;
}

export interface NewApproval
  extends Pick<
    Approval,
    | 'id'
    | 'kind'
    | 'asker'
    | 'subject'
    | 'tool'
    | 'toolDigest'
    | 'argumentDigest'
    | 'policyVersion'
    | 'rule'
    | 'needed'
    | 'approvers'
    | 'callId'
    | 'createdAt'
    | 'expiresAt'
  > {
  requestDigest: string;
  repeatable: boolean;
  /** Sealed. */
  request: string;
}

const tables = (db: Db) => db.withTables<ApprovalTables>();
const open = ['pending', 'deferred', 'approved', 'claimed'];
const decidable = ['pending', 'deferred'];
const startable = ['pending', 'deferred', 'approved'];
/** A tool that bears it is run so often at most, should each server that runs it die. */
const mostRuns = 3;

/** False where the same request is open already. */
export async function insertApproval(db: Db, org: OrgId, one: NewApproval): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tables(db)
    .insertInto('approvals')
    .values({
      org,
      id: one.id,
      kind: one.kind,
      state: 'pending',
      principal: one.asker.id,
      subject: one.subject,
      asker: JSON.stringify(one.asker),
      tool: one.tool,
      tool_digest: one.toolDigest,
      argument_digest: one.argumentDigest,
      request_digest: one.requestDigest,
      policy_version: one.policyVersion,
      rule: one.rule,
      needed: one.needed,
      approvers: one.approvers ? JSON.stringify(one.approvers) : null,
      repeatable: one.repeatable,
      call_id: one.callId,
      request: one.request,
      created_at: one.createdAt,
      expires_at: one.expiresAt,
      runs: 0,
      outcome_unknown: false,
    })
    .onConflict((on) =>
      on
        .columns(['org', 'request_digest'])
        .where(sql<SqlBool>`state in ('pending', 'deferred', 'approved', 'claimed')`)
        .doNothing(),
    )
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** The newest approval of a request under one of its digests: an open one, or with `anyState` whatever became of it. */
export async function findByRequest(
  db: Db,
  org: OrgId,
  digests: readonly string[],
  anyState: boolean,
): Promise<KeptApproval | undefined> {
  let query = tables(db)
    .selectFrom('approvals')
    .selectAll()
    .where('org', '=', org)
    .where('request_digest', 'in', [...digests])
    .orderBy('created_at', 'desc')
    .limit(1);
  if (!anyState) query = query.where('state', 'in', open);
  const row = await query.executeTakeFirst();
  return row && approvalOf(row);
}

/** How many of an organisation wait for a decision, and how many of those are of one principal. */
export async function countPending(db: Db, org: OrgId, principal: string): Promise<{ all: number; own: number }> {
  const { rows } = await sql<{ all: Big; own: Big }>`
    select count(*) as all, count(*) filter (where principal = ${principal}) as own
    from approvals where org = ${org} and state in ('pending', 'deferred')`.execute(db);
  return { all: Number(rows[0]?.all ?? 0), own: Number(rows[0]?.own ?? 0) };
}

export async function getApproval(db: Db, org: OrgId, id: string): Promise<KeptApproval | undefined> {
  const row = await tables(db)
    .selectFrom('approvals')
    .selectAll()
    .where('org', '=', org)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && approvalOf(row);
}

export interface ListQuery {
  states?: readonly ApprovalState[];
  /** Only what somebody of this id asked for, or a key of theirs, and what one of these subjects is to decide. */
  of?: { id: string; subjects: readonly string[] };
  /** Ids before this one: they sort by time. */
  before?: string;
  limit: number;
}

/** Newest first. */
export async function listApprovals(db: Db, org: OrgId, query: ListQuery): Promise<KeptApproval[]> {
  const { states, of, before, limit } = query;
  let select = tables(db).selectFrom('approvals').selectAll().where('org', '=', org);
  if (states) select = select.where('state', 'in', [...states]);
  if (of !== undefined)
    select = select.where((is) =>
      is.or([
        is('principal', '=', of.id),
        is('subject', '=', of.id),
        sql<SqlBool>`jsonb_exists_any(approvers, ${[...of.subjects]}::text[])`,
      ]),
    );
  if (before !== undefined) select = select.where('id', '<', before);
  const rows = await select.orderBy('id', 'desc').limit(limit).execute();
  return rows.map(approvalOf);
}

export async function listDecisions(db: Db, org: OrgId, id: string): Promise<GivenDecision[]> {
  const rows = await tables(db)
    .selectFrom('approval_decisions')
    .selectAll()
    .where('org', '=', org)
    .where('approval', '=', id)
    .orderBy('at')
    .execute();
  return rows.map(({ decision, decided_by: by, decided_by_name: name, subject, comment, at }) => ({
    decision: decision as DecisionKind,
    by,
    name,
    subject,
    ...(comment === null ? {} : { comment }),
    at: Number(at),
  }));
}

export type Decided = 'counts' | 'over' | 'said already';

/**
 * Takes a decision if none was taken and time is left. Of many at once one counts, or as many as are needed, each of
 * another person.
 */
export async function decideApproval(db: Db, org: OrgId, id: string, given: GivenDecision): Promise<Decided> {
  const { decision, by, subject, name, comment, at } = given;
  return await db.transaction().execute(async (tx) => {
    const row = await tables(tx)
      .selectFrom('approvals')
      .select(['needed'])
      .where('org', '=', org)
      .where('id', '=', id)
      .where('state', 'in', decidable)
      .where('expires_at', '>', at)
      .forUpdate()
      .executeTakeFirst();
    if (!row) return 'over';
    const approved = await tables(tx)
      .selectFrom('approval_decisions')
      .select('subject')
      .where('org', '=', org)
      .where('approval', '=', id)
      .where('decision', '=', 'approve')
      .execute();
    if (decision === 'approve' && approved.some((one) => one.subject === subject)) return 'said already';
    const isEnough = approved.length + 1 >= row.needed;
    const state = { approve: isEnough ? 'approved' : 'pending', reject: 'rejected', defer: 'deferred' }[decision];
    await tables(tx)
      .updateTable('approvals')
      .set({
        state,
        ...(state === 'approved' || state === 'rejected' ? { decided_at: at } : {}),
        ...(state === 'rejected' ? { ended_at: at } : {}),
      })
      .where('org', '=', org)
      .where('id', '=', id)
      .execute();
    await tables(tx)
      .insertInto('approval_decisions')
      .values({
        org,
        approval: id,
        decision,
        decided_by: by,
        decided_by_name: name,
        subject,
        comment: comment ?? null,
        at,
      })
      .execute();
    return 'counts';
  });
}

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
    .where('argument_digest', '=', bound.argumentDigest)
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

/** Nothing ran: the approval can be used again. */
export async function releaseApproval(db: Db, org: OrgId, id: string, callId: string): Promise<void> {
  await tables(db)
    .updateTable('approvals')
    .set({ state: 'approved', life: null, lease_until: null, run_call_id: null })
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
 */
export async function abandonClaims(db: Db, nowMs: number): Promise<KeptApproval[]> {
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
    .where('lease_until', '<=', nowMs)
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

/** What may be started, of every organisation, oldest first. */
export async function listApproved(db: Db, nowMs: number, limit: number): Promise<KeptApproval[]> {
  const rows = await tables(db)
    .selectFrom('approvals')
    .selectAll()
    .where('state', '=', 'approved')
    .where('expires_at', '>', nowMs)
    .orderBy('decided_at')
    .limit(limit)
    .execute();
  return rows.map(approvalOf);
}

/** Removes what has been over since before, of every organisation. */
export async function removeEnded(db: Db, beforeMs: number): Promise<void> {
  await tables(db).deleteFrom('approvals').where('ended_at', '<', beforeMs).execute();
}

export interface SealedTexts {
  org: OrgId;
  id: string;
  request: string;
  answer: string | null;
}

const sealedPage = 200;

/** Sealed texts of every organisation after one of them, a page at a time. */
export async function listSealed(db: Db, after: SealedTexts | undefined): Promise<SealedTexts[]> {
  const { rows } = await sql<SealedTexts>`
    select org, id, request, answer from approvals
    ${after ? sql`where (org, id) > (${after.org}, ${after.id})` : sql``}
    order by org, id limit ${sealedPage}`.execute(db);
  return rows;
}

/** Replaces sealed texts; an answer only where it is still the same. */
export async function resealApproval(db: Db, org: OrgId, before: SealedTexts, next: SealedTexts): Promise<void> {
  await sql`update approvals set request = ${next.request},
      answer = case when answer is not distinct from ${before.answer} then ${next.answer} else answer end
    where org = ${org} and id = ${before.id} and request = ${before.request}`.execute(db);
}

/** Removes everything of one organisation. */
export async function purgeApprovals(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('approvals').where('org', '=', org).execute();
}

function approvalOf(row: ApprovalRow): KeptApproval {
  return {
    id: row.id,
    org: row.org,
    kind: row.kind as ConsentKind,
    state: row.state as ApprovalState,
    asker: row.asker as Asker,
    subject: row.subject,
    tool: row.tool,
    toolDigest: row.tool_digest,
    argumentDigest: row.argument_digest,
    policyVersion: row.policy_version,
    rule: row.rule,
    callId: row.call_id,
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    needed: row.needed,
    ...(row.approvers === null ? {} : { approvers: row.approvers as string[] }),
    ...(row.run_call_id === null ? {} : { runCallId: row.run_call_id }),
    ...(row.decided_at === null ? {} : { decidedAt: Number(row.decided_at) }),
    ...(row.ended_at === null ? {} : { endedAt: Number(row.ended_at) }),
    ...(row.outcome === null ? {} : { outcome: row.outcome as Outcome }),
    ...(row.outcome_unknown ? { outcomeUnknown: true as const } : {}),
    ...(row.reason === null ? {} : { reason: row.reason }),
    request: row.request,
    ...(row.answer === null ? {} : { answer: row.answer }),
  };
}
