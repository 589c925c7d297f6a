import { isObject } from '../../../kernel/json.ts';
import type { VaultClient } from './client.ts';
import type { VaultSession } from './session.ts';
import { asTrouble, type TroubleKind, VaultTrouble } from './trouble.ts';

interface Lease {
  id: string;
  renewable: boolean;
  grantedMs: number;
  /** Milliseconds since the epoch. */
  until: number;
}

/** One secret of the vault with its fields, as it was read last. */
export interface Kept {
  readonly path: string;
  fields?: Record<string, unknown>;
  /** Of KV 2. */
  version?: number;
  /** When the vault last gave it or prolonged its lease, in milliseconds since the epoch. */
  seenAt?: number;
  lease?: Lease;
  /** Why it could not be read the last time. */
  trouble?: { kind: TroubleKind; text: string; since: number };
  /** When it is to be looked after next. */
  dueAt: number;
  failures: number;
}

interface Deps {
  /** Of the vault that is asked from now on. */
  vault(): { client: VaultClient; session: VaultSession; mount: string; refreshEveryMs: number; staleForMs: number };
  now(): number;
}

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

/** What was read from the vault, each secret once whatever refers to it, and looked after. */
export type Shelf = ReturnType<typeof createShelf>;

export function createShelf({ vault, now }: Deps) {
  const kept = new Map<string, Kept>();
  const reading = new Map<string, Promise<void>>();

  /** One request with the session's token, and one more where signing in again may help. */
  const asked = async (request: Parameters<VaultClient>[0]): Promise<Record<string, unknown>> => {
    const { client, session } = vault();
    const token = await session.token();
    try {
      return await client({ ...request, token });
    } catch (error) {
      if (asTrouble(error).kind !== 'refused' || !session.refused(token)) throw error;
      return client({ ...request, token: await session.token() });
    }
  };

  const read = async (one: Kept): Promise<void> => {
    const { mount, refreshEveryMs } = vault();
    const path = one.path.startsWith('/') ? one.path.slice(1) : `${mount}/data/${one.path}`;
    const said = await asked({ method: 'GET', path });
    const { data, lease_id: id, lease_duration: seconds, renewable } = said;
    if (!isObject(data)) throw new VaultTrouble('wrong', 'what the vault has there are no fields');
    const isVersioned = isObject(data.metadata) && typeof data.metadata.version === 'number';
    if (!isVersioned && !one.path.startsWith('/'))
      throw new VaultTrouble('wrong', 'the engine there is not KV version 2; begin the path with / to read another');
    const fields = isVersioned ? data.data : data;
    if (!isObject(fields)) throw new VaultTrouble('absent', 'it was deleted in the vault');
    one.fields = fields;
    delete one.version;
    if (isVersioned) one.version = (data.metadata as { version: number }).version;
    delete one.lease;
    if (typeof id === 'string' && id !== '' && typeof seconds === 'number' && seconds > 0) {
      const grantedMs = seconds * 1_000;
      one.lease = { id, renewable: renewable === true, grantedMs, until: now() + grantedMs };
      one.dueAt = now() + grantedMs / 2;
    } else one.dueAt = now() + refreshEveryMs * (0.9 + Math.random() * 0.2); // replicas need not all come at once
  };

  /** Prolongs a lease; reads anew where it cannot be prolonged much further. */
  const renew = async (one: Kept, lease: Lease): Promise<void> => {
    let lastsMs = 0;
    try {
      const said = await asked({ method: 'POST', path: 'sys/leases/renew', body: { lease_id: lease.id } });
      lastsMs = typeof said.lease_duration === 'number' ? said.lease_duration * 1_000 : 0;
    } catch (error) {
      if (asTrouble(error).kind === 'away') throw error;
    }
    if (lastsMs < lease.grantedMs / 3) return read(one);
    one.lease = { ...lease, until: now() + lastsMs };
    one.dueAt = now() + lastsMs / 2;
  };

  const look = async (one: Kept): Promise<void> => {
    try {
      const { lease } = one;
      await (lease?.renewable && lease.until > now() && one.trouble === undefined ? renew(one, lease) : read(one));
      one.seenAt = now();
      one.failures = 0;
      delete one.trouble;
    } catch (error) {
      const { kind, message } = asTrouble(error);
      one.trouble = { kind, text: message, since: one.trouble?.since ?? now() };
      one.dueAt = now() + Math.min(firstRetryMs * 2 ** one.failures, longestRetryMs, vault().refreshEveryMs);
      if (one.lease && one.lease.until > now()) one.dueAt = Math.min(one.dueAt, one.lease.until);
      one.failures++;
    }
  };

  /** Whether its last value does not count any more. */
  const isGone = ({ fields, trouble, lease, seenAt = 0 }: Kept): boolean => {
    if (!fields) return true;
    if (lease && lease.until <= now()) return true;
    if (!trouble) return false;
    return trouble.kind === 'absent' || now() - seenAt > vault().staleForMs;
  };

  return {
    get: (path: string): Kept | undefined => kept.get(path),
    all: () => [...kept.values()],
    isGone,

    /** Reads a secret now; whoever asks for the same meanwhile shares it. Failing leaves a trouble, and throws nothing. */
    look(path: string): Promise<void> {
      const one = kept.get(path) ?? { path, dueAt: 0, failures: 0 };
      kept.set(path, one);
      const running =
        reading.get(path) ??
        look(one).finally(() => {
          reading.delete(path);
        });
      reading.set(path, running);
      return running;
    },

    /** Holds the trouble of one against another that would have met the same. */
    share(path: string, from: string): void {
      const [one, { trouble }] = [kept.get(path) ?? { path, dueAt: 0, failures: 0 }, kept.get(from) ?? {}];
      kept.set(path, trouble ? { ...one, trouble } : one);
    },

    /** Forgets all others. What they were leased stays good for who uses it still, until it ends by itself. */
    keepOnly(paths: ReadonlySet<string>): void {
      for (const path of kept.keys()) if (!paths.has(path)) kept.delete(path);
    },

    /** Another vault, or another way to sign in: everything is to be read again. */
    distrust(): void {
      for (const one of kept.values()) {
        one.dueAt = 0;
        delete one.lease;
      }
    },

    /** What changes when something that others see of it changes. */
    print: (one: Kept): string => JSON.stringify(isGone(one) ? [one.trouble?.text] : one.fields),

    /** Ends the leases that are held. Never throws. */
    async revoke(): Promise<void> {
      const leases = [...kept.values()].flatMap(({ lease }) => (lease ? [lease.id] : []));
      await Promise.all(
        leases.map((id) =>
          asked({ method: 'POST', path: 'sys/leases/revoke', body: { lease_id: id } }).catch(() => undefined),
        ),
      );
      for (const one of kept.values()) delete one.lease;
    },
  };
}
