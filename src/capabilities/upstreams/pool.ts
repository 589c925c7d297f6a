import type { Principal } from '../../kernel/principal.ts';
import { backoffMs } from './backoff.ts';
import type { Connection } from './connection.ts';
import { UpstreamBusy, UpstreamUnavailable } from './errors.ts';
import { isAboutCredentials, reasonOf } from './failures.ts';
import { patience } from './patience.ts';
import { orAborted } from './relay.ts';
import type { Timing } from './types.ts';

interface Entry {
  opening: Promise<Connection>;
  connection?: Connection;
  uses: number;
  usedAt: number;
  idle?: NodeJS.Timeout;
}

export interface Lease {
  connection: Connection;
  release(): void;
}

/** Connections of single principals or sessions: opened when first needed, bounded, closed when idle. */
export interface Pool {
  acquire(key: string, signal: AbortSignal, who?: Principal): Promise<Lease>;
  /** Forgets a connection that is of no use any more. */
  drop(connection: Connection, reason: string): void;
  /** Closes those of these keys; a call that runs on one is cut. */
  release(which: (key: string) => boolean): void;
  stop(): Promise<void>;
}

interface Deps {
  name: string;
  timing: Timing;
  now(): number;
  open(signal: AbortSignal, who: Principal | undefined): Promise<Connection>;
}

export function createPool({ name, timing, now, open }: Deps): Pool {
  const entries = new Map<string, Entry>();
  const stopping = new AbortController();
  let failures = 0;
  let blockedUntil = 0;
  let blockedReason = '';

  const remove = (key: string, entry: Entry, reason: string): Promise<void> => {
    if (entries.get(key) === entry) entries.delete(key);
    clearTimeout(entry.idle);
    const { connection } = entry;
    entry.connection = undefined; // closed once, however many reasons there are for it
    return connection?.close(reason) ?? Promise.resolve();
  };

  const makeRoom = () => {
    if (entries.size < timing.maxIsolated) return;
    const idle = [...entries].filter(([, entry]) => entry.uses === 0);
    const oldest = idle.sort(([, a], [, b]) => a.usedAt - b.usedAt)[0];
    if (!oldest)
      throw UpstreamBusy({ name, reason: `it already serves ${entries.size} callers` }, { retryAfterSeconds: 5 });
    void remove(...oldest, 'another caller needed its place');
  };

  const create = (key: string, who: Principal | undefined): Entry => {
    // A program that cannot be started must not be started for every call.
    if (now() < blockedUntil) {
      const retryAfterSeconds = Math.max(1, Math.ceil((blockedUntil - now()) / 1_000));
      throw UpstreamUnavailable({ name, reason: blockedReason }, { retryAfterSeconds });
    }
    makeRoom();
    const bound = patience(timing.connectMs);
    const entry: Entry = {
      opening: open(AbortSignal.any([stopping.signal, bound.signal]), who).finally(bound.end),
      uses: 0,
      usedAt: now(),
    };
    entries.set(key, entry);
    entry.opening.then(
      (connection) => {
        failures = 0;
        entry.connection = connection;
        void connection.closed.then((reason) => remove(key, entry, reason));
        if (entries.get(key) !== entry || stopping.signal.aborted) void remove(key, entry, 'no longer needed');
      },
      (error: unknown) => {
        void remove(key, entry, 'failed');
        if (isAboutCredentials(error)) return; // another caller has another one
        blockedReason = reasonOf(error);
        blockedUntil = now() + backoffMs(++failures, timing);
      },
    );
    return entry;
  };

  return {
    release(which) {
      for (const [key, entry] of [...entries]) if (which(key)) void remove(key, entry, 'its credential has changed');
    },
    async acquire(key, signal, who) {
      const entry = entries.get(key) ?? create(key, who);
      entry.uses++;
      clearTimeout(entry.idle);
      let released = false;
      const release = () => {
        if (released) return;
        released = true;
        entry.usedAt = now();
        if (--entry.uses > 0) return;
        entry.idle = setTimeout(() => void remove(key, entry, 'nobody used it'), timing.idleMs);
        entry.idle.unref();
      };
      try {
        return { connection: await orAborted(entry.opening, signal), release };
      } catch (error) {
        release();
        throw error;
      }
    },
    drop(connection, reason) {
      for (const [key, entry] of entries) if (entry.connection === connection) void remove(key, entry, reason);
    },
    async stop() {
      stopping.abort(new Error('stopped'));
      const ending = [...entries].map(async ([key, entry]) => {
        await entry.opening.catch(() => undefined); // it cleans up behind itself when it is aborted
        await remove(key, entry, 'stopped');
      });
      await Promise.all(ending);
    },
  };
}
