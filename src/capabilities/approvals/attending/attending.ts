import type { CallReply, CallRequest, Outcome, ToolCaller } from '../../../kernel/call.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { FairleadError } from '../../../kernel/errors.ts';
import { isObject, type JsonObject } from '../../../kernel/json.ts';
import type { Principal } from '../../../kernel/principal.ts';
import type { Tool } from '../../../kernel/tool.ts';
import type { Db } from '../../../platform/db/index.ts';
import type { Keyring } from '../../../platform/keyring/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { callAgain } from '../again.ts';
import type { Approvals } from '../approvals.ts';
import { freeApproval } from '../claims/store.ts';
import type { KeptApproval } from '../row.ts';
import type { ApprovalTools } from '../tools.ts';
import { isOver } from '../types.ts';
import { approvalKey, pendingResult } from '../words.ts';
import { canAsk, consentForm, saidIn } from './elicitation.ts';

export interface AttendingDeps {
  db: Db;
  clock: Clock;
  log: Log;
  keyring: Keyring;
  approvals: Approvals;
  tools: Pick<ApprovalTools, 'tell'>;
  caller: ToolCaller;
  /** A tool by its id, where the call came in. */
  findTool(call: Pick<CallRequest, 'principal' | 'endpoint'>, id: string): Tool | undefined;
  /** Leaves a record of who decided, whatever comes of it. Rejects with what `run` throws. */
  record<T>(by: Principal, approval: KeptApproval, decision: string, run: () => Promise<T>): Promise<T>;
}

/** A way to call that stays with a call which waits for consent, for callers who can be asked, or who wait. */
export interface Attending extends ToolCaller {
  /** Whoever waits is told how it stands. */
  quiesce(): void;
}

/** In `_meta` of a call: for how many seconds its caller waits for the consent of others. */
export const waitKey = 'dev.fairlead/wait';
const longestWaitSeconds = 3_600;
const lookAgainMs = 5_000;
const mostWaiting = 1_000;
/** What the question is named in the rounds of a stateless caller. */
const question = 'consent';

export function createAttending(deps: AttendingDeps): Attending {
  const { db, clock, log, keyring, approvals, tools, caller, record } = deps;
  const closing = new AbortController();
  let waiting = 0;

  const contextOf = ({ org, id }: Principal) => `approval round:${org}:${id}`;

  /** The approval that a round is about, if the question was ours: nobody else can make such a state. */
  const roundOf = ({ principal, continuation }: CallRequest): string | undefined => {
    const state = continuation?.requestState;
    if (state === undefined) return undefined;
    try {
      return keyring.decrypt(state, contextOf(principal));
    } catch {
      return undefined; // it is the tool's own
    }
  };

  /** How it stands, or what the call came to, in place of the end of the call that asked. */
  const told = async (request: CallRequest, callId: string, one: KeptApproval): Promise<CallReply> => {
    const tool = isOver(one.state) ? undefined : deps.findTool(request, one.tool);
    if (tool) {
      const result = pendingResult(one, tool, approvals.linkTo(one.id));
      return { kind: 'end', end: { callId, outcome: 'pending_approval', result } };
    }
    const { outcome, result, unkept } = await tools.tell(one);
    return { kind: 'end', end: { callId, outcome, result, ...(unkept ? { unkept } : {}) } };
  };

  /** Makes a call that its caller has just consented to, with the caller there. */
  async function make(request: CallRequest, one: KeptApproval, callId: string): Promise<CallReply> {
    const { org, id } = one;
    const { link, signal, meta, deadline, requestId } = request;
    const again = callAgain(one, approvals.sealed.request(one), request.principal, {
      grant: { approval: id },
      link,
      signal,
    });
    const reply = await caller.call({
      ...again,
      ...(meta === undefined ? {} : { meta }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(requestId === undefined ? {} : { requestId }),
    });
    // What was refused for a reason that passes is made by whoever is first, when it has.
    if (await freeApproval(db, org, id, approvals.life)) approvals.tell(org, id);
    const now = await approvals.own(request.principal, id);
    if (now.runCallId === undefined || reply.kind !== 'end') return told(request, callId, now);
    return reply;
  }

  async function decide(request: CallRequest, one: KeptApproval, yes: boolean, callId: string): Promise<CallReply> {
    const { principal } = request;
    const hold = { life: approvals.life, until: clock.now() + approvals.leaseMs };
    try {
      const said = await record(principal, one, yes ? 'approve' : 'reject', () =>
        approvals.confirm(one, principal, yes, hold),
      );
      return yes ? await make(request, said, callId) : await told(request, callId, said);
    } catch (error) {
      // Somebody was first, or it is over: what counts is how it stands.
      if (!(error instanceof FairleadError) || error.spec.status >= 500) throw error;
      return told(request, callId, await approvals.own(principal, one.id));
    }
  }

  /** Asks the person in front of the caller; undefined where that cannot be. */
  async function askThere(request: CallRequest, one: KeptApproval, callId: string): Promise<CallReply | undefined> {
    const { link, principal, signal } = request;
    if (one.kind !== 'confirm' || one.needed > 1 || !isOpen(one) || !canAsk(link)) return undefined;
    if (!isPerson(principal)) return undefined; // a program would consent to itself
    const form = consentForm(one.tool, approvals.sealed.request(one).arguments);
    if (!form) return undefined;
    if (link.era === 'modern') {
      const requestState = keyring.encrypt(one.id, contextOf(principal));
      const inputRequests = { [question]: form } as unknown as JsonObject;
      return { kind: 'input_required', callId, required: { inputRequests, requestState } };
    }
    const until = AbortSignal.any([signal, closing.signal]);
    const answer = await link.ask(form, until).catch((error: unknown) => {
      log.debug({ err: error, approval: one.id }, 'who called could not be asked for consent');
      return undefined;
    });
    const yes = saidIn(answer);
    return yes === undefined ? undefined : decide(request, one, yes, callId);
  }

  /** Waits for others, telling that it does; undefined where the caller does not want to wait so long. */
  async function wait(request: CallRequest, first: KeptApproval, callId: string): Promise<CallReply | undefined> {
    const { link, principal, signal, meta } = request;
    const seconds = Number(meta?.[waitKey] ?? 0);
    if (!(seconds > 0) || waiting >= mostWaiting) return undefined;
    const startedAt = Date.now();
    const until = startedAt + Math.min(seconds, longestWaitSeconds) * 1_000;
    const over = AbortSignal.any([signal, closing.signal]);
    const where = approvals.linkTo(first.id);
    let one = first;
    waiting++;
    try {
      while (!isOver(one.state) && Date.now() < until && !over.aborted) {
        const passedSeconds = Math.round((Date.now() - startedAt) / 100) / 10;
        const message = isOpen(one)
          ? `Waits for consent${where === undefined ? '' : `, at ${where}`}`
          : 'Is being made';
        link.progress({ progress: passedSeconds, message });
        await approvals.news(one.org, one.id, over, Math.min(lookAgainMs, until - Date.now()));
        one = await approvals.own(principal, one.id);
      }
    } finally {
      waiting--;
    }
    return isOver(one.state) ? told(request, callId, one) : undefined;
  }

  async function attend(request: CallRequest, callId: string, id: string): Promise<CallReply | undefined> {
    const { principal } = request;
    const one = await approvals.own(principal, id);
    return (await askThere(request, one, callId)) ?? (await wait(request, one, callId));
  }

  async function goOn(request: CallRequest, id: string): Promise<CallReply> {
    const one = await approvals.own(request.principal, id);
    const { inputResponses = {} } = request.continuation ?? {};
    const yes = saidIn(inputResponses[question]);
    const callId = request.id ?? one.callId;
    return yes === undefined ? told(request, callId, one) : decide(request, one, yes, callId);
  }

  return {
    async call(request) {
      try {
        const round = roundOf(request);
        if (round !== undefined) return await goOn(request, round);
      } catch (error) {
        return failed(request, error);
      }
      const reply = await caller.call(request);
      if (reply.kind !== 'end' || reply.end.outcome !== 'pending_approval') return reply;
      const { callId, result } = reply.end;
      const id = approvalIn(result);
      if (id === undefined) return reply;
      try {
        return (await attend(request, callId, id)) ?? reply;
      } catch (error) {
        log.warn({ err: error, approval: id }, 'a caller who waits for consent could not be attended to');
        return reply; // the call is parked, and the caller knows how to come back
      }
    },
    quiesce: () => closing.abort(),
  };

  function failed({ id = '' }: CallRequest, error: unknown): CallReply {
    if (!(error instanceof FairleadError)) throw error;
    const outcome: Outcome = error.spec.category === 'not_found' ? 'denied' : 'failed';
    return { kind: 'end', end: { callId: id, outcome, error: error.toBody(id) } };
  }
}

function isOpen({ state }: KeptApproval): boolean {
  return state === 'pending' || state === 'deferred';
}

/** The id that the answer to a parked call names. */
function approvalIn(result: unknown): string | undefined {
  const about = isObject(result) && isObject(result._meta) ? result._meta[approvalKey] : undefined;
  return isObject(about) && typeof about.approvalId === 'string' ? about.approvalId : undefined;
}

/** Whether somebody is behind it, rather than a key or a machine by itself. */
function isPerson(principal: Principal): boolean {
  return principal.kind === 'user' || principal.actsFor !== undefined;
}
