import type { Decision, ToolCaller } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import { canonicalJson } from '../../kernel/digest.ts';
import { FairleadError, NotFound } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import { type OrgId, type Principal, subjectBehind } from '../../kernel/principal.ts';
import { passed } from '../../kernel/steps.ts';
import type { ToolResult } from '../../kernel/tool.ts';
import type { Bus } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import type { Backups } from './beside/backups.ts';
import { type Previews, type ShownPreview, standingPreview } from './beside/previews.ts';
import {
  argumentText,
  askerOf,
  bindingOf,
  differenceOf,
  digestToCall,
  parkedOf,
  type ResolvedCall,
  sealContext,
} from './binding.ts';
import { type Changes, createChanges } from './changes.ts';
import { type Binding, claimApproval } from './claims/store.ts';
import { endAsVoid } from './claims/voiding.ts';
import { type BoundNow, createDeciding, type Said } from './deciding.ts';
import { createEdits } from './edits.ts';
import { ApprovalsUnavailable, ApprovalTaken, ApprovalVoid, TooManyApprovals } from './errors.ts';
import type { ApprovalNews } from './news.ts';
import type { KeptApproval } from './row.ts';
import { createSealed, type Sealed } from './sealed.ts';
import {
  countPending,
  findByRequest,
  getApproval,
  insertApproval,
  type ListQuery,
  listApprovals,
  listDecisions,
} from './store.ts';
import {
  type Approval,
  type Asker,
  type ConsentKind,
  type GivenDecision,
  isOver,
  type ParkedRequest,
  type Terms,
} from './types.ts';
import { pendingResult } from './words.ts';

export interface ApprovalsDeps {
  db: Db;
  bus: Bus;
  keyring: Keyring;
  clock: Clock;
  /** Who has to consent to a call, and how long that is waited for and an approved call for its start. */
  termsOf(call: ResolvedCall, decision: Decision): Terms;
  /** Whether somebody may decide on what others ask for in an organisation: on everything, or on what is for these alone. */
  mayDecide(by: Principal, org: OrgId, approvers?: readonly string[]): boolean;
  /** Who asked, as it is now; undefined when it may not call any more. */
  principalNow(asker: Asker): Promise<Principal | undefined>;
  caller: ToolCaller;
  /** What an approval has to fit by now; what is not known is absent. */
  boundNow(org: OrgId, tool: string): BoundNow;
  /** No other server works on the database. */
  alone: boolean;
  /** The page on which an approval is decided; undefined where nobody can sign in to it. */
  linkTo(id: string): string | undefined;
  previews: Pick<Previews, 'due' | 'plan'>;
  backups: Pick<Backups, 'declaredFor'>;
  news: ApprovalNews;
}

/** An approval with what may be shown of its call to who may look at it. */
export interface ShownApproval extends Approval {
  arguments: ParkedRequest['arguments'];
  /** What is called in place of what was asked for. */
  editedArguments?: ParkedRequest['arguments'];
  endpoint?: string;
  decisions: readonly GivenDecision[];
  /** What the call would change; absent where nothing is declared to show it. */
  preview?: ShownPreview;
}

export interface Approvals extends Changes {
  /** What is encrypted where they are kept. */
  sealed: Sealed;
  /**
   * Parks a call until somebody has consented, durably, and resolves to what its caller is told. The same request again is
   * the same approval for as long as that is open. @throws TooManyApprovals
   */
  ask(call: ResolvedCall, decision: Decision): Promise<ToolResult>;
  /**
   * Uses up the approval that the call carries, if it is for just this call as it is now; committed when it resolves.
   * @throws ApprovalVoid, ApprovalTaken
   */
  claim(call: ResolvedCall, decision: Decision, id: string): Promise<void>;
  /** What changed arguments lead to, without a call: they have come as far as they would have to. */
  weigh(call: ResolvedCall, decision: Decision, id: string): Promise<ToolResult>;
  /**
   * By somebody who may look at it. @throws NotFound, ApprovalDecided, ApprovedAlready, ApprovalChanged, ApprovalVoid,
   * SelfApproval, NotApprover, EditRefused, EditNeedsOthers
   */
  decide(org: OrgId, id: string, by: Principal, said: Said): Promise<Approval>;
  /** By the person in front of the program that asked, who was asked there. What is approved is kept for this server. */
  confirm: ReturnType<typeof createDeciding>['confirm'];
  /** Others' are as little there as those that never were. @throws NotFound */
  show(org: OrgId, id: string, to: Principal): Promise<ShownApproval>;
  linkTo(id: string): string | undefined;
  /** Whether somebody may see and decide on what others ask for. */
  mayDecide(by: Principal, org: OrgId): boolean;
  /** Whether it is still to be decided. */
  waits(org: OrgId, id: string): Promise<boolean>;
  list(org: OrgId, query: ListQuery): Promise<Approval[]>;
  /** One that this principal itself asked for. @throws NotFound */
  own(principal: Principal, id: string): Promise<KeptApproval>;
  /** This run of this server. */
  life: string;
  leaseMs: number;
  /** Another server may know of a change by so much sooner than this one. */
  lagMs: number;
}

const stricter = 'it was confirmed by who asked, and somebody else has to approve it now';
const leaseMs = 30_000;
const mostPending = { own: 100, all: 5_000 };
/** Policies and tools are followed by looking twice a second. */
const mostLagMs = 5_000;

/** Calls that wait for consent: who may give it, what it is bound to, and that it is used once. */
export function createApprovals(deps: ApprovalsDeps): Approvals {
  const { db, bus, keyring, clock, termsOf, mayDecide, linkTo, alone, previews, backups, news } = deps;
  const life = newId('life');
  const lagMs = alone ? 0 : mostLagMs;
  const changes = createChanges(bus);
  const sealed = createSealed(keyring);
  const { tell } = changes;

  const found = async (org: OrgId, id: string): Promise<KeptApproval> => {
    const approval = await getApproval(db, org, id);
    if (!approval) throw NotFound({ what: 'approval', id: id.slice(0, 100) });
    return approval;
  };

  const foundFor = async (principal: Principal, org: OrgId, id: string): Promise<KeptApproval> => {
    const approval = await found(org, id);
    const isOwn = org === principal.org && [approval.asker.id, approval.subject].includes(principal.id);
    const { approvers } = approval;
    const sees = isOwn || mayDecide(principal, org) || (approvers && mayDecide(principal, org, approvers));
    if (!sees) throw NotFound({ what: 'approval', id: id.slice(0, 100) });
    return approval;
  };

  async function park(call: ResolvedCall, decision: Decision): Promise<KeptApproval> {
    const { principal, tool, once } = call;
    const { org } = principal;
    const now = clock.now();
    const bound = bindingOf(call, decision);
    const text = argumentText(tool.id, call.arguments);
    const kind: ConsentKind = decision.consent ?? 'approve';
    const whole = canonicalJson([bound, text, call.endpoint ?? null, kind, once?.key ?? null]);
    const digests = keyring.hashes('approvals', whole);
    const known = await findByRequest(db, org, digests, once !== undefined);
    if (known && (isOver(known.state) || known.state === 'claimed' || known.expiresAt > now)) return known;

    const { all, own } = await countPending(db, org, principal.id);
    if (own >= mostPending.own) throw TooManyApprovals({ count: own, whose: 'one caller' }, { retryAfterSeconds: 60 });
    if (all >= mostPending.all)
      throw TooManyApprovals({ count: all, whose: 'one organisation' }, { retryAfterSeconds: 60 });
    const id = newId('apr', now);
    const { expiryMs, ...terms } = termsOf(call, decision);
    const made = {
      ...bound,
      ...terms,
      id,
      kind,
      asker: askerOf(principal),
      subject: subjectBehind(principal),
      argumentDigest: keyring.hash('approvals', text),
      requestDigest: digests[0] ?? '',
      rule: [decision.rules.join(', '), ...(decision.reasons ?? [])].join('; '),
      repeatable: tool.annotations.readOnly || tool.annotations.idempotent,
      callId: call.id,
      request: keyring.encrypt(JSON.stringify(parkedOf(call)), sealContext(org, id, 'request')),
      createdAt: now,
      expiresAt: now + expiryMs,
      previewDueAt: previews.due(call, now),
      backupBy: backups.declaredFor(call),
    };
    const isNew = await db.transaction().execute(async (tx) => {
      if (!(await insertApproval(tx, org, made))) return false;
      const parked = await getApproval(tx, org, id);
      if (parked) await news.requested(tx, parked, parkedOf(call));
      return true;
    });
    const kept = isNew ? await getApproval(db, org, id) : await findByRequest(db, org, digests, false);
    if (!kept) throw ApprovalsUnavailable({}, { retryAfterSeconds: 1 }); // it was decided and over in between
    passed('approval.parked', kept.id);
    if (isNew) {
      tell(org, id);
      previews.plan(call, id);
    }
    return kept;
  }

  const edits = createEdits({ ...deps, requestOf: sealed.request });
  const deciding = createDeciding({ ...deps, edits, lagMs, found, foundFor, tell, requestOf: sealed.request });

  return {
    life,
    leaseMs,
    lagMs,
    sealed,
    ...changes,
    async ask(call, decision) {
      const approval = await available(park(call, decision));
      return pendingResult(approval, call.tool, linkTo(approval.id));
    },
    async claim(call, decision, id) {
      const { org } = call.principal;
      const text = argumentText(call.tool.id, call.arguments);
      const now = clock.now();
      const approval = await available(found(org, id));
      const digest = digestToCall(approval);
      const isSame = keyring.hashes('approvals', text).includes(digest);
      const binding: Binding = { ...bindingOf(call, decision), argumentDigest: isSame ? digest : 'another' };
      // Policy may have stayed as it was, and settings of the tool or the endpoint not.
      const isStricter =
        approval.kind === 'confirm' && !decision.unattended && (decision.consent ?? 'approve') === 'approve';
      if (isStricter && approval.state === 'approved') {
        await available(endAsVoid(db, news, org, id, stricter, now));
        tell(org, id);
        throw ApprovalVoid({ id, reason: stricter });
      }
      const claim = { life, leaseUntil: now + leaseMs, callId: call.id };
      if (await available(claimApproval(db, org, id, binding, claim, now))) {
        passed('approval.claimed', id);
        return tell(org, id);
      }
      const differs = differenceOf(await available(found(org, id)), binding, now);
      if (!differs) throw ApprovalTaken({ id });
      // Asked for where a change was known that has not come here yet, perhaps: it is for later, or for another server.
      if (approval.createdAt + lagMs > now) throw ApprovalsUnavailable({}, { retryAfterSeconds: lagMs / 1_000 });
      await available(endAsVoid(db, news, org, id, differs, now));
      tell(org, id);
      throw ApprovalVoid({ id, reason: differs });
    },
    weigh: edits.note,
    decide: async (org, id, by, said) => withoutSealed(await deciding.decide(org, id, by, said)),
    confirm: deciding.confirm,
    linkTo,
    mayDecide,
    async show(org, id, to) {
      const approval = await foundFor(to, org, id);
      const { arguments: args, endpoint } = sealed.asked(approval);
      const edit = sealed.edit(approval);
      const preview = standingPreview(sealed.preview(approval), approval.previewDueAt, clock.now());
      return {
        ...withoutSealed(approval),
        arguments: args,
        ...(edit ? { editedArguments: edit.approved } : {}),
        decisions: await listDecisions(db, org, id),
        ...(preview ? { preview } : {}),
        ...(endpoint === undefined ? {} : { endpoint }),
      };
    },
    async waits(org, id) {
      const approval = await getApproval(db, org, id);
      const isOpen = approval?.state === 'pending' || approval?.state === 'deferred';
      return isOpen && approval.expiresAt > clock.now();
    },
    list: async (org, query) => (await listApprovals(db, org, query)).map(withoutSealed),
    async own(principal, id) {
      const approval = await found(principal.org, id);
      // Another caller's is as little there as one that never was.
      if (approval.asker.id !== principal.id) throw NotFound({ what: 'approval', id: id.slice(0, 100) });
      return approval;
    },
  };
}

function withoutSealed({
  request: _,
  editedRequest: __,
  answer: ___,
  preview: ____,
  previewDueAt: _____,
  ...approval
}: KeptApproval): Approval {
  return approval;
}

async function available<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof FairleadError ? error : ApprovalsUnavailable({}, { cause: error, retryAfterSeconds: 2 });
  }
}
