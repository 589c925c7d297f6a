import type { Clock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type OrgId, type Principal, subjectBehind } from '../../kernel/principal.ts';
import { passed } from '../../kernel/steps.ts';
import type { Db } from '../../platform/db/index.ts';
import { endAsVoid } from './claims/voiding.ts';
import { type Edits, needsOthers } from './edits.ts';
import {
  ApprovalChanged,
  ApprovalDecided,
  ApprovalVoid,
  ApprovedAlready,
  EditNeedsOthers,
  NotApprover,
  SelfApproval,
} from './errors.ts';
import type { ApprovalNews } from './news.ts';
import type { KeptApproval } from './row.ts';
import { type DecisionTerms, decideApproval } from './store.ts';
import { type DecisionKind, isOver, type ParkedRequest } from './types.ts';

/** What somebody decides. */
export interface Said {
  decision: DecisionKind;
  comment?: string | undefined;
  /** With `approve`: what is to be called in place of what was asked for. */
  arguments?: JsonObject | undefined;
  /** Digest of the arguments that were looked at: others are not decided on. */
  seen?: string | undefined;
}

export interface DecidingDeps {
  db: Db;
  clock: Clock;
  edits: Edits;
  mayDecide(by: Principal, org: OrgId, approvers?: readonly string[]): boolean;
  /** What an approval has to fit by now; what is not known is absent. */
  boundNow(org: OrgId, tool: string): BoundNow;
  /** Another server may know of a change, of policies or tools, by so much sooner than this one. */
  lagMs: number;
  found(org: OrgId, id: string): Promise<KeptApproval>;
  foundFor(principal: Principal, org: OrgId, id: string): Promise<KeptApproval>;
  tell(org: OrgId, id: string): void;
  news: Pick<ApprovalNews, 'decided' | 'over'>;
  requestOf(approval: KeptApproval): ParkedRequest;
}

export interface BoundNow {
  policyVersion?: string | undefined;
  toolDigest?: string | undefined;
}

/** Why what was asked for cannot be approved any more; undefined when it can. */
export function changeOf(
  { policyVersion, toolDigest }: Pick<KeptApproval, 'policyVersion' | 'toolDigest'>,
  now: BoundNow,
): string | undefined {
  if (now.policyVersion !== undefined && now.policyVersion !== policyVersion)
    return 'the policies have changed since it was asked for';
  return now.toolDigest !== undefined && now.toolDigest !== toolDigest
    ? 'the tool has changed since it was asked for'
    : undefined;
}

/** Who decides, on what, and that it counts once. */
export function createDeciding(deps: DecidingDeps) {
  const { db, clock, edits, mayDecide, boundNow, lagMs, found, foundFor, tell, news, requestOf } = deps;

  /** What no longer holds is not approved: it would only be refused later. */
  const requireSame = async ({ org, id, tool, createdAt, ...bound }: KeptApproval) => {
    const now = clock.now();
    const reason = changeOf(bound, boundNow(org, tool));
    if (reason === undefined || createdAt + lagMs > now) return;
    if (await endAsVoid(db, news, org, id, reason, now)) tell(org, id);
    throw ApprovalVoid({ id, reason });
  };

  async function take(
    { org, id }: KeptApproval,
    by: Principal,
    { decision, comment }: Said,
    { via, ...terms }: DecisionTerms & { via?: 'elicitation' },
  ): Promise<KeptApproval> {
    const at = clock.now();
    const given = {
      decision,
      by: by.id,
      subject: subjectBehind(by),
      name: by.name,
      ...(comment === undefined ? {} : { comment }),
      ...(via ? { via } : {}),
      at,
    };
    const came = await decideApproval(db, org, id, given, terms, (tx, decided) =>
      news.decided(tx, decided, requestOf(decided), { ...given, ...(terms.edited ? { edited: true } : {}) }),
    );
    const now = await found(org, id);
    if (came === 'said already') throw ApprovedAlready({ id });
    if (came === 'changed') throw ApprovalChanged({ id });
    if (came === 'over')
      throw ApprovalDecided({ id, state: now.expiresAt <= at && !isOver(now.state) ? 'expired' : now.state });
    passed('approval.decided', id);
    tell(org, id);
    return now;
  }

  return {
    /** By somebody who may look at it. */
    async decide(org: OrgId, id: string, by: Principal, said: Said): Promise<KeptApproval> {
      const approval = await foundFor(by, org, id);
      // Whichever organisation they come from: a person is one everywhere.
      const isOwn = approval.subject === subjectBehind(by) || approval.asker.id === by.id;
      // Who confirms is the person behind the caller, and not the caller: an agent does not consent to itself.
      const inPerson = by.id === approval.subject && (by.credential.kind === 'session' || approval.asker.id !== by.id);
      if (isOwn && !(approval.kind === 'confirm' && inPerson)) throw SelfApproval();
      const { approvers, state } = approval;
      if (!isOwn && !mayDecide(by, org, approvers)) throw NotApprover({ approvers: approvers ?? 'others' });
      if (state !== 'pending' && state !== 'deferred') throw ApprovalDecided({ id, state });
      if (said.decision === 'approve') await requireSame(approval);
      const edited = said.arguments && (await edits.weigh(approval, said.arguments));
      const others = edited && needsOthers(approval, edited, isOwn, (needed) => mayDecide(by, org, needed));
      if (others !== undefined) throw EditNeedsOthers({ who: others });
      // Nobody approves what they have not looked at: what was asked for is what counts as seen without a word.
      const { argumentDigest, editedDigest } = approval;
      const isBlind = said.seen === undefined && said.arguments === undefined && editedDigest !== undefined;
      if (isBlind && said.decision === 'approve') throw ApprovalChanged({ id });
      return take(approval, by, said, {
        seen: said.seen ?? editedDigest ?? argumentDigest,
        ...(edited ? { edited } : {}),
      });
    },
    /** By the person in front of the program that asked, who was asked there. What is approved is kept for this server. */
    async confirm(
      approval: KeptApproval,
      by: Principal,
      yes: boolean,
      hold: DecisionTerms['hold'],
    ): Promise<KeptApproval> {
      if (yes) await requireSame(approval);
      const seen = approval.editedDigest ?? approval.argumentDigest;
      return take(
        approval,
        by,
        { decision: yes ? 'approve' : 'reject' },
        { seen, via: 'elicitation', ...(hold ? { hold } : {}) },
      );
    },
  };
}
