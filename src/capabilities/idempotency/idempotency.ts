import type { CallEnd } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import { canonicalJson } from '../../kernel/digest.ts';
import { FairleadError } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import { JsonFault, parseJson } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import {
  IdempotencyAnswerGone,
  IdempotencyInProgress,
  IdempotencyKeyReused,
  IdempotencyOutcomeUnknown,
  IdempotencyUnavailable,
} from './errors.ts';
import { type Bounds, type Claim, claimKey, findKey, finishKey, releaseKey, renewLeases, sweepKeys } from './store.ts';

export interface IdempotencyLimits extends Bounds {
  /** How long a key is remembered. */
  keepMs: number;
  /** How long a run is believed to go on without a sign of life. */
  leaseMs: number;
  renewMs: number;
  sweepMs: number;
  /** Largest end kept, in UTF-16 units of its JSON. */
  maxAnswer: number;
}

const defaultLimits: IdempotencyLimits = {
  keepMs: 24 * 60 * 60_000,
  leaseMs: 30_000,
  renewMs: 10_000,
  sweepMs: 10 * 60_000,
  maxAnswer: 1024 * 1024,
  maxKeys: 100_000,
  maxAnswers: 256 * 1024 * 1024,
};

export interface IdempotencyDeps {
  db: Db;
  keyring: Keyring;
  clock: Clock;
  log: Log;
  limits?: Partial<IdempotencyLimits>;
}

/** A request that must not take effect twice. */
export interface GuardedRequest {
  org: OrgId;
  /** Id of the principal; keys of others are others. */
  principal: string;
  key: string;
  /** What makes it this request and no other; JSON. */
  content: unknown;
  /** Under which the audit knows the call. */
  callId: string;
}

export interface Run {
  /** Keeps the end for whoever repeats the request. Never rejects: what cannot be kept counts as unknown. */
  finish(end: CallEnd): Promise<void>;
  /** Nothing has happened: the key can be used again. Never rejects. */
  release(): Promise<void>;
}

export type Begun =
  | { kind: 'run'; run: Run }
  | { kind: 'replay'; end: CallEnd }
  /** It may have taken effect: nobody saw its end. */
  | { kind: 'unknown'; callId: string; error: FairleadError };

export interface Idempotency {
  /**
   * Takes the key for this request, or says what became of it when it was made before.
   * @throws IdempotencyKeyReused, IdempotencyInProgress, IdempotencyAnswerGone, IdempotencyUnavailable
   */
  begin(request: GuardedRequest): Promise<Begun>;
  start(): void;
  stop(): Promise<void>;
}

/** Remembers requests by the keys that their callers gave them, so that a repeated one is not run again. */
export function createIdempotency({ db, keyring, clock, log, limits: given }: IdempotencyDeps): Idempotency {
  const limits = { ...defaultLimits, ...given };
  const life = newId('life');
  let running = 0;
  let timers: NodeJS.Timeout[] = [];
  const work = new Set<Promise<void>>();

  const quietly = (what: string, task: () => Promise<void>): Promise<void> => {
    const done = task()
      .catch((error: unknown) => log.warn({ err: error }, `idempotency keys could not be ${what}`))
      .finally(() => work.delete(done));
    work.add(done);
    return done;
  };

  const runOf = (org: OrgId, claim: Claim): Run => {
    running++;
    let ended = false;
    const end = (what: string, task: () => Promise<void>): Promise<void> => {
      if (ended) return Promise.resolve();
      ended = true;
      return quietly(what, task).finally(() => {
        running--;
      });
    };
    return {
      finish: (kept) =>
        end('finished', () => {
          const text = JSON.stringify(kept);
          const answer = text.length > limits.maxAnswer ? null : keyring.encrypt(text, contextOf(org, claim));
          return finishKey(db, org, claim, { outcome: kept.outcome, answer });
        }),
      release: () => end('released', () => releaseKey(db, org, claim)),
    };
  };

  async function begin({ org, principal, key, content, callId }: GuardedRequest): Promise<Begun> {
    const now = clock.now();
    const text = canonicalJson(content);
    const claim: Claim = {
      principal,
      key,
      digest: keyring.hash('idempotency', text),
      callId,
      life,
      leaseUntil: now + limits.leaseMs,
      expiresAt: now + limits.keepMs,
    };
    if (await claimKey(db, org, claim, now)) return { kind: 'run', run: runOf(org, claim) };
    const known = await findKey(db, org, principal, key);
    if (known && !keyring.hashes('idempotency', text).includes(known.digest)) throw IdempotencyKeyReused();
    if (!known || (!known.done && known.leaseUntil > now)) throw IdempotencyInProgress({}, { retryAfterSeconds: 1 });
    if (!known.done) return { kind: 'unknown', callId: known.callId, error: IdempotencyOutcomeUnknown() };
    const { outcome, answer } = known.done;
    const end = answer === null ? undefined : endIn(keyring.decrypt(answer, contextOf(org, claim)));
    if (!end) throw IdempotencyAnswerGone({ outcome, callId: known.callId });
    return { kind: 'replay', end };
  }

  return {
    async begin(request) {
      try {
        return await begin(request);
      } catch (error) {
        throw error instanceof FairleadError
          ? error
          : IdempotencyUnavailable({}, { cause: error, retryAfterSeconds: 2 });
      }
    },
    start() {
      if (timers.length > 0) return;
      const renew = () => {
        if (running > 0) void quietly('renewed', () => renewLeases(db, life, clock.now() + limits.leaseMs));
      };
      const sweep = () => void quietly('swept', () => sweepKeys(db, clock.now(), limits));
      timers = [setInterval(renew, limits.renewMs).unref(), setInterval(sweep, limits.sweepMs).unref()];
    },
    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer);
      await Promise.all(work);
    },
  };
}

/** Undefined for an end that JSON cannot give back, such as one with a key that no foreign text may name. */
function endIn(text: string): CallEnd | undefined {
  try {
    return parseJson(text, { maxDepth: deepest }) as CallEnd;
  } catch (error) {
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}

const deepest = 200; // results may be nested 128 levels deep, and stand within their end

export function contextOf(org: OrgId, { principal, key }: Pick<Claim, 'principal' | 'key'>): string {
  return `idempotency:${org}:${principal}:${key}`;
}
