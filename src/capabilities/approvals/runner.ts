import type { Call, CallEnd, ToolCaller } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import { passed } from '../../kernel/steps.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { callAgain } from './again.ts';
import type { Approvals } from './approvals.ts';
import { finishedBy } from './binding.ts';
import {
  abandonClaims,
  expireApprovals,
  type Finished,
  finishApproval,
  listApproved,
  listBounds,
  releaseApproval,
  removeEnded,
  renewClaims,
  voidBounds,
} from './claims/store.ts';
import { endAsVoid } from './claims/voiding.ts';
import { type BoundNow, changeOf } from './deciding.ts';
import type { ApprovalNews } from './news.ts';
import type { KeptApproval } from './row.ts';
import { getApproval } from './store.ts';
import type { Asker } from './types.ts';

export interface RunnerDeps {
  db: Db;
  clock: Clock;
  log: Log;
  approvals: Approvals;
  caller: ToolCaller;
  /** No other server works on the database: what an earlier one was making, it makes no more. */
  alone: boolean;
  /** Who asked, as it is now; undefined when it may not call any more. */
  principalNow(asker: Asker): Promise<Principal | undefined>;
  /** What an approval has to fit by now. */
  boundNow(org: OrgId, tool: string): BoundNow;
  news: Pick<ApprovalNews, 'over'>;
  /** Leaves a record of what happened by itself. Must not reject. */
  note(org: OrgId, action: 'ended' | 'void' | 'expired', approval: string, detail: JsonObject): Promise<void>;
}

/** How a call that used up an approval came out of the pipeline. */
export interface ClaimedCall {
  /** Whether the provider may have begun, or a kept result stood in for it. */
  ran: boolean;
  end: CallEnd | undefined;
}

export interface Runner {
  /** Keeps the end of a call that claimed an approval; never rejects. */
  leave(call: Call, approval: string, how: ClaimedCall): Promise<void>;
  start(): void;
  /** Begins no more calls. */
  quiesce(): void;
  /** Resolves when those that run are over and kept. */
  stop(): Promise<void>;
}

const sweepMs = 5_000;
const renewMs = 10_000;
const atOnce = 20;
/** Of them, so that neither one organisation nor one slow tool keeps the others waiting. */
const atOnceOf = { org: 10, tool: 5 };
/** What could not begin for a reason that passes is tried again after so long. */
const againMs = 5_000;
const keepMs = 30 * 86_400_000;

/**
 * Makes the calls that were approved: whichever server is first. What a dead one was making ends here, or is made again where
 * the tool bears it.
 */
export function createRunner(deps: RunnerDeps): Runner {
  const { db, clock, log, approvals, caller, alone, principalNow, boundNow, news, note } = deps;
  const { life, leaseMs, lagMs, tell } = approvals;
  const running = new Map<string, { done: Promise<void>; org: OrgId; tool: string }>();
  const notBefore = new Map<string, number>();
  /** Ends that could not be kept yet: until they are, the claim is renewed, so that nobody takes the call for lost. */
  const unkept = new Map<string, () => Promise<void>>();
  const undo: (() => void)[] = [];
  const work = new Set<Promise<void>>();
  let quiet = true;

  const quietly = (what: string, task: () => Promise<void>): Promise<void> => {
    const done: Promise<void> = task()
      .catch((error: unknown) => log.warn({ err: error }, `approvals could not be ${what}`))
      .finally(() => work.delete(done));
    work.add(done);
    return done;
  };

  async function endWithout(one: KeptApproval, reason: string): Promise<void> {
    const { org, id } = one;
    if (await endAsVoid(db, news, org, id, reason, clock.now())) await toldVoid(one, reason);
  }

  async function toldVoid({ org, id, tool, argumentDigest }: KeptApproval, reason: string): Promise<void> {
    tell(org, id);
    await note(org, 'void', id, { tool, argumentDigest, reason });
  }

  /** Nobody is to decide on what would be refused then. */
  async function voidChanged(now: number): Promise<void> {
    for (const bound of await listBounds(db, now - lagMs)) {
      const reason = changeOf(bound, boundNow(bound.org, bound.tool));
      if (reason === undefined) continue;
      const ended = await db.transaction().execute(async (tx) => {
        const all = await voidBounds(tx, bound.org, bound, reason, now);
        for (const one of all) await news.over(tx, one);
        return all;
      });
      for (const one of ended) await toldVoid(one, reason);
    }
  }

  async function run(one: KeptApproval): Promise<void> {
    const { org, id, asker } = one;
    const principal = await principalNow(asker);
    if (!principal) return endWithout(one, 'who asked for it may not call tools any more');
    const reply = await caller.call(
      callAgain(one, approvals.sealed.request(one), principal, { grant: { approval: id } }),
    );
    const now = await getApproval(db, org, id);
    if (now?.state !== 'approved') return; // it was claimed, here or elsewhere, or is void already
    // It was refused on the way to the claim: for now, or for good.
    const error = reply.kind === 'end' ? reply.end.error : undefined;
    if (error && !error.retryable) return endWithout(one, error.message);
    notBefore.set(id, clock.now() + Math.max(againMs, (error?.retryAfter ?? 0) * 1_000));
  }

  async function runApproved(): Promise<void> {
    if (quiet) return;
    const now = clock.now();
    for (const [id, at] of notBefore) if (at <= now) notBefore.delete(id);
    for (let began = true; began && running.size < atOnce; ) {
      began = false;
      const but = { ids: [...running.keys(), ...notBefore.keys()], ...fullNow() };
      for (const one of await listApproved(db, now, atOnce, but)) {
        if (quiet || running.size >= atOnce) return;
        const full = fullNow();
        if (running.has(one.id) || full.orgs.includes(one.org) || full.tools.includes(toolKey(one))) continue;
        begin(one);
        began = true;
      }
    }
  }

  function begin(one: KeptApproval): void {
    const { id, org } = one;
    const failed = (error: unknown) => {
      notBefore.set(id, clock.now() + againMs);
      log.warn({ err: error, approval: id }, 'an approved call could not be made; it is tried again');
    };
    const done = run(one)
      .catch(failed)
      .finally(() => running.delete(id));
    running.set(id, { done, org, tool: toolKey(one) });
  }

  /** Whose share of what this server makes at once is used up. */
  function fullNow(): { orgs: string[]; tools: string[] } {
    const all = [...running.values()];
    return {
      orgs: reaching(
        all.map(({ org }) => org),
        atOnceOf.org,
      ),
      tools: reaching(
        all.map(({ tool }) => tool),
        atOnceOf.tool,
      ),
    };
  }

  async function sweep(): Promise<void> {
    const now = clock.now();
    // Who sweeps is alive, however long it stood still before.
    await renewClaims(db, life, now + leaseMs);
    for (const keep of unkept.values()) await quietly('ended', keep); // one that fails keeps nobody else waiting
    for (const one of await abandonClaims(db, now, alone ? life : undefined)) {
      tell(one.org, one.id);
      if (one.state !== 'failed') continue;
      log.error({ approval: one.id, orgId: one.org, tool: one.tool }, 'a server ended during an approved call');
      await note(one.org, 'ended', one.id, endDetail(one, { outcome: 'failed', outcomeUnknown: true }));
    }
    const expired = await db.transaction().execute(async (tx) => {
      const all = await expireApprovals(tx, now);
      for (const one of all) await news.over(tx, one);
      return all;
    });
    for (const one of expired) {
      tell(one.org, one.id);
      await note(one.org, 'expired', one.id, { tool: one.tool, argumentDigest: one.argumentDigest });
    }
    await voidChanged(now);
    await removeEnded(db, now - keepMs);
    await runApproved();
  }

  async function keepEnd(org: OrgId, id: string, callId: string, end: Finished): Promise<void> {
    if (!(await finishApproval(db, org, id, callId, end))) return;
    passed('approval.ended', id);
    tell(org, id);
    const one = await getApproval(db, org, id);
    if (!one) return;
    const { outcome, outcomeUnknown } = end;
    await note(org, 'ended', id, endDetail(one, { outcome, ...(outcomeUnknown ? { outcomeUnknown } : {}) }));
  }

  return {
    async leave({ id: callId, principal: { org } }, id, { ran, end }) {
      const key = `${org} ${id}`;
      const keep = async () => {
        // Nothing ran, and the reason passes: as if it had not been claimed. Not where something was saved for it, which
        // would be saved again and again, nor where its caller has been told that it was cancelled.
        const passes = !end || (end.error?.retryable && (end.outcome !== 'cancelled' || end.error.code === 'CUT_OFF'));
        const backup = ran ? undefined : (await getApproval(db, org, id))?.backup?.id;
        if (!ran && passes && backup === undefined) await releaseApproval(db, org, id, callId);
        else if (end) {
          const answer = approvals.sealed.seal(id, org, end);
          await keepEnd(org, id, callId, finishedBy(end, { ran, answer, endedAt: clock.now() }));
        } else await keepEnd(org, id, callId, asked(clock.now()));
        unkept.delete(key);
      };
      unkept.set(key, keep);
      await quietly('ended', keep);
    },
    start() {
      if (undo.length > 0) return;
      quiet = false;
      const wake = () => void quietly('started', runApproved);
      const timers = [
        setInterval(() => void quietly('swept', sweep), sweepMs).unref(),
        setInterval(() => void quietly('renewed', () => renewClaims(db, life, clock.now() + leaseMs)), renewMs).unref(),
      ];
      undo.push(approvals.onChange(wake), () => timers.forEach(clearInterval));
      void quietly('swept', alone ? sweep : runApproved);
    },
    quiesce() {
      quiet = true;
    },
    async stop() {
      quiet = true;
      await Promise.all([...running.values()].map(({ done }) => done));
      for (const end of undo.splice(0)) end();
      await Promise.all(work);
    },
  };
}

/** Of whom there are so many. */
function reaching(all: readonly string[], most: number): string[] {
  return [...new Set(all)].filter((one) => all.filter((each) => each === one).length >= most);
}

const toolKey = ({ org, tool }: Pick<KeptApproval, 'org' | 'tool'>): string => `${org} ${tool}`;

/** The provider asked its caller something, and there is nobody to be asked when a call is made later. */
function asked(endedAt: number): Finished {
  const reason = 'the tool asked its caller something, and a call that was approved has nobody to answer';
  return { state: 'failed', outcome: 'failed', outcomeUnknown: false, reason, answer: null, endedAt };
}

function endDetail(one: KeptApproval, end: JsonObject): JsonObject {
  const { tool, argumentDigest, editedDigest, runCallId, backup } = one;
  return {
    tool,
    argumentDigest,
    ...(editedDigest === undefined ? {} : { editedDigest }),
    ...(runCallId === undefined ? {} : { callId: runCallId }),
    ...(backup?.id === undefined ? {} : { backup: backup.id }),
    ...end,
  };
}
