import { type SqlBool, sql } from 'kysely';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import { approvalOf, type Big, type KeptApproval, tables } from './row.ts';
import type { Approval, ApprovalState, DecisionKind, GivenDecision } from './types.ts';

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
  /** Until when a preview is waited for, if one is. */
  previewDueAt: number | undefined;
  /** The tool that is to save something first, if one is. */
  backupBy: string | undefined;
}

const open = ['pending', 'deferred', 'approved', 'claimed'];
const decidable = ['pending', 'deferred'];
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
      preview_due: one.previewDueAt ?? null,
      backup: one.backupBy === undefined ? null : JSON.stringify({ tool: one.backupBy }),
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
  return rows.map(({ decision, decided_by: by, decided_by_name: name, subject, comment, edited, via, at, ...row }) => ({
    decision: decision as DecisionKind,
    by,
    name,
    subject,
    ...(comment === null ? {} : { comment }),
    ...(row.argument_digest === null ? {} : { argumentDigest: row.argument_digest }),
    ...(edited ? { edited: true as const } : {}),
    ...(via === null ? {} : { via: via as 'elicitation' }),
    at: Number(at),
  }));
}

export type Decided = 'counts' | 'over' | 'said already' | 'changed';

/** What a decision is on, and what it leads to. */
export interface DecisionTerms {
  /** Digest of the arguments that were looked at; those that stand when absent. */
  seen?: string;
  /** What is to be called in place of what stands. */
  edited?: { digest: string; request: string };
  /** Keeps the approved call for one run of a server, until then: nobody else makes it. */
  hold?: { life: string; until: number };
}

/**
 * Takes a decision if none was taken and time is left. Of many at once one counts, or as many as are needed, each of
 * another person.
 * @param counted what is done in the same transaction, with the approval as it is then
 */
export async function decideApproval(
  db: Db,
  org: OrgId,
  id: string,
  given: GivenDecision,
  { seen, edited, hold }: DecisionTerms,
  counted: (tx: Db, now: KeptApproval) => Promise<void>,
): Promise<Decided> {
  const { decision, by, subject, name, comment, via, at } = given;
  return await db.transaction().execute(async (tx) => {
    const row = await tables(tx)
      .selectFrom('approvals')
      .select(['needed', 'argument_digest', 'edited_digest'])
      .where('org', '=', org)
      .where('id', '=', id)
      .where('state', 'in', decidable)
      .where('expires_at', '>', at)
      .forUpdate()
      .executeTakeFirst();
    if (!row) return 'over';
    const standing = row.edited_digest ?? row.argument_digest;
    if (seen !== undefined && seen !== standing) return 'changed';
    const on = edited?.digest ?? standing;
    const approvals = await tables(tx)
      .selectFrom('approval_decisions')
      .select(['subject', 'argument_digest'])
      .where('org', '=', org)
      .where('approval', '=', id)
      .where('decision', '=', 'approve')
      .execute();
    // Who approved other arguments has not approved these.
    const approved = approvals.filter((one) => (one.argument_digest ?? row.argument_digest) === on);
    if (decision === 'approve' && approved.some((one) => one.subject === subject)) return 'said already';
    const isEnough = approved.length + 1 >= row.needed;
    const state = { approve: isEnough ? 'approved' : 'pending', reject: 'rejected', defer: 'deferred' }[decision];
    await tables(tx)
      .updateTable('approvals')
      .set({
        state,
        ...(state === 'approved' || state === 'rejected' ? { decided_at: at } : {}),
        ...(state === 'rejected' ? { ended_at: at } : {}),
        ...(edited ? { edited_request: edited.request, edited_digest: edited.digest } : {}),
        ...(hold && state === 'approved' ? { life: hold.life, lease_until: hold.until } : {}),
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
        argument_digest: on,
        edited: edited !== undefined,
        via: via ?? null,
        at,
      })
      .execute();
    const now = await getApproval(tx, org, id);
    if (now) await counted(tx, now);
    return 'counts';
  });
}

export interface SealedTexts {
  org: OrgId;
  id: string;
  request: string;
  edited: string | null;
  answer: string | null;
  preview: string | null;
}

const sealedPage = 200;

/** Sealed texts of every organisation after one of them, a page at a time. */
export async function listSealed(db: Db, after: SealedTexts | undefined): Promise<SealedTexts[]> {
  const { rows } = await sql<SealedTexts>`
    select org, id, request, edited_request as edited, answer, preview from approvals
    ${after ? sql`where (org, id) > (${after.org}, ${after.id})` : sql``}
    order by org, id limit ${sealedPage}`.execute(db);
  return rows;
}

/** Replaces sealed texts; all but the request only where they are still the same. */
export async function resealApproval(db: Db, org: OrgId, before: SealedTexts, next: SealedTexts): Promise<void> {
  await sql`update approvals set request = ${next.request},
      edited_request = case when edited_request is not distinct from ${before.edited} then ${next.edited} else edited_request end,
      answer = case when answer is not distinct from ${before.answer} then ${next.answer} else answer end,
      preview = case when preview is not distinct from ${before.preview} then ${next.preview} else preview end
    where org = ${org} and id = ${before.id} and request = ${before.request}`.execute(db);
}

/** Removes everything of one organisation. */
export async function purgeApprovals(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('approvals').where('org', '=', org).execute();
}
