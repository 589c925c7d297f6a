import type { CallerLink, CallReply, InputRequest } from '../../kernel/call.ts';
import { createCrowd } from '../../kernel/crowd.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';

/**
 * Calls of stateless callers that must answer a question in the middle. The upstream's call goes on here while the
 * caller is told `input_required` and comes back with the answer, on a new request.
 */
export interface Parking {
  /** Starts a call that may park. `run` gets the link to call with, and what ends the call. */
  open(
    round: Round,
    callId: string,
    run: (link: CallerLink, stop: AbortController) => Promise<CallReply>,
  ): Promise<RoundEnd>;
  /** Brings the answers and waits for what comes next; undefined when no such call waits for this principal here. */
  resume(round: Round, callId: string, responses: JsonObject): Promise<RoundEnd> | undefined;
  /** Cancels everything that waits. */
  close(): void;
}

/** One request of the caller. */
export interface Round {
  principal: Principal;
  capabilities: JsonObject;
  /** False when it asked for no progress. */
  hears?: false;
  /** From which level on the caller wants log messages. */
  logLevel?: string;
  signal: AbortSignal;
  progress: CallerLink['progress'];
  log: CallerLink['log'];
}

export type RoundEnd = { kind: 'reply'; reply: CallReply } | { kind: 'questions'; inputRequests: JsonObject };

interface Question {
  request: InputRequest;
  resolve(answer: JsonObject): void;
  reject(reason: Error): void;
}

interface ParkedCall {
  principal: Principal;
  reply: Promise<RoundEnd>;
  questions: Map<string, Question>;
  /** The request that waits now; undefined while the caller is away. */
  round: Round | undefined;
  wake: () => void;
  abort: AbortController;
  expiry: NodeJS.Timeout | undefined;
  /** It has asked its caller something. */
  isKnown: boolean;
}

const answerWithinMs = 5 * 60_000;
const maxParked = 1_000;
const maxParkedPerPrincipal = 50;

export function createParking(): Parking {
  /** All that run here, and by their ids those that have asked something, which few do. */
  const running = createCrowd<ParkedCall>();
  const calls = new Map<string, ParkedCall>();

  const waiting = (principal?: Principal) =>
    [...calls.values()].filter((call) => !call.round && (!principal || call.principal.id === principal.id)).length;

  const linkOf = (call: ParkedCall, { capabilities, hears, logLevel }: Round): CallerLink => {
    let asked = 0;
    return {
      era: 'modern',
      capabilities,
      ...(hears === undefined ? {} : { hears }),
      ...(logLevel === undefined ? {} : { logLevel }),
      progress: (update) => call.round?.progress(update),
      log: (level, data, logger) => call.round?.log(level, data, logger),
      ask(request, signal) {
        if (waiting() >= maxParked || waiting(call.principal) >= maxParkedPerPrincipal) {
          return Promise.reject(new Error('too many calls wait for an answer of their caller'));
        }
        return new Promise((resolve, reject) => {
          const key = `q${++asked}`;
          const settle = () => call.questions.delete(key);
          signal.addEventListener('abort', () => settle() && reject(new Error('the question was withdrawn')));
          call.questions.set(key, {
            request,
            resolve: (answer) => settle() && resolve(answer),
            reject: (reason) => settle() && reject(reason),
          });
          call.wake();
        });
      },
    };
  };

  /** What ends this round: the call's reply, or a question. */
  const wait = async (callId: string, call: ParkedCall, round: Round): Promise<RoundEnd> => {
    clearTimeout(call.expiry);
    call.round = round;
    const leave = () => call.abort.abort(); // a caller who hangs up while we work cancels the call
    if (round.signal.aborted) leave();
    round.signal.addEventListener('abort', leave);
    try {
      while (call.questions.size === 0) {
        const { promise, resolve, reject } = Promise.withResolvers<RoundEnd | undefined>();
        call.wake = () => resolve(undefined);
        call.reply.then(resolve, reject);
        const end = await promise;
        if (end) {
          if (call.isKnown) calls.delete(callId);
          return end;
        }
      }
      call.isKnown = true;
      calls.set(callId, call);
      call.expiry = setTimeout(() => {
        calls.delete(callId);
        call.abort.abort();
        for (const question of call.questions.values()) question.reject(new Error('the caller gave no answer in time'));
      }, answerWithinMs).unref();
      const inputRequests = Object.fromEntries([...call.questions].map(([key, { request }]) => [key, request]));
      return { kind: 'questions', inputRequests: inputRequests as unknown as JsonObject };
    } finally {
      round.signal.removeEventListener('abort', leave);
      call.round = undefined;
    }
  };

  return {
    open(round, callId, run) {
      const abort = new AbortController();
      const call: ParkedCall = {
        principal: round.principal,
        reply: new Promise(() => undefined),
        questions: new Map(),
        round,
        wake: () => undefined,
        abort,
        expiry: undefined,
        isKnown: false,
      };
      const leave = running.enter(call);
      call.reply = run(linkOf(call, round), abort).then(
        (reply) => {
          leave();
          clearTimeout(call.expiry);
          // The upstream may give up by itself while the caller is away; a caller who comes back then learns the end.
          if (!call.round) call.expiry = setTimeout(() => calls.delete(callId), answerWithinMs).unref();
          return { kind: 'reply', reply };
        },
        (error: unknown) => {
          leave();
          throw error;
        },
      );
      return wait(callId, call, round);
    },

    resume(round, callId, responses) {
      const call = calls.get(callId);
      if (
        !call ||
        call.round ||
        call.principal.id !== round.principal.id ||
        call.principal.org !== round.principal.org
      ) {
        return undefined;
      }
      for (const [key, question] of [...call.questions]) {
        const answer = responses[key];
        if (answer !== null && typeof answer === 'object' && !Array.isArray(answer)) question.resolve(answer);
      }
      return wait(callId, call, round);
    },

    close() {
      for (const call of [...calls.values(), ...running]) {
        clearTimeout(call.expiry);
        call.abort.abort();
      }
      calls.clear();
    },
  };
}
