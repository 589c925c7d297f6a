import type { Db } from '../db/types.ts';
import type { Log } from '../telemetry/index.ts';
import type { KeyPurpose, Keyring } from './keyring.ts';
import { listKept, putKept } from './store.ts';

/** Something that keeps sealed values. */
export interface Holding {
  /** What they are, such as `settings of upstreams`. */
  what: string;
  /** Seals each of them under the current secret that is not; resolves to how many that were, and how many no secret opens. */
  renew(renewal: Renewal): Promise<Renewed>;
}

export interface Renewal {
  isCurrent(sealed: string): boolean;
  /** The same under the current secret. Throws where no secret here opens it. */
  again(sealed: string, context: string): string;
}

export interface Renewed {
  renewed: number;
  lost: number;
}

/** Where a change of the secret stands. */
export interface RotationStatus {
  /** The id of the current secret, and of those that are known beside it. */
  secret: string;
  others: readonly string[];
  /** `idle` where there is no other secret; `done` when nothing needs the others any more. */
  state: 'idle' | 'waiting' | 'running' | 'done' | 'failed';
  renewed: number;
  /** Sealed values that none of the secrets opens. */
  lost: number;
}

/** Moves what is kept from the other secrets to the current one. */
export interface Rotation {
  /** Knows the kept keys; call it before anybody is let in. */
  prepare(): Promise<void>;
  start(): void;
  status(): RotationStatus;
  stop(): Promise<void>;
}

/**
 * Hashes of these are looked up by texts that nobody here has, so they cannot be made anew: the key of the old secret is
 * kept for them, sealed. The texts are random and long, so that whoever has the key can do nothing with it.
 */
const lookedUp: readonly KeyPurpose[] = ['api-keys', 'sign-in', 'audit-digests', 'idempotency'];
const againMs = 60_000;

export function createRotation(deps: { db: Db; keyring: Keyring; log: Log; holdings: readonly Holding[] }): Rotation {
  const { db, keyring, log, holdings } = deps;
  const { others } = keyring;
  const status: RotationStatus = {
    secret: keyring.id,
    others,
    state: others.length === 0 ? 'idle' : 'waiting',
    renewed: 0,
    lost: 0,
  };
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const contextOf = (secret: string, purpose: string) => `kept key ${secret} ${purpose}`;
  const renewal: Renewal = {
    isCurrent: keyring.isCurrent,
    again: (sealed, context) => keyring.encrypt(keyring.decrypt(sealed, context), context),
  };

  const keepKeys = async () => {
    for (const id of others) {
      for (const purpose of lookedUp) {
        const key = keyring.otherKey(id, purpose).toString('base64');
        await putKept(db, { secret: id, purpose, sealed: keyring.encrypt(key, contextOf(id, purpose)) });
      }
    }
    for (const row of await listKept(db)) {
      if (!keyring.isCurrent(row.sealed))
        await putKept(db, { ...row, sealed: renewal.again(row.sealed, contextOf(row.secret, row.purpose)) });
    }
  };

  const run = async (): Promise<void> => {
    status.state = 'running';
    status.lost = 0;
    try {
      await keepKeys();
      for (const { what, renew } of holdings) {
        if (stopped) return;
        const { renewed, lost } = await renew(renewal);
        status.renewed += renewed;
        status.lost += lost;
        if (lost > 0)
          log.error({ what, lost }, 'sealed under a secret that is not known here: give it, too, or set them anew');
      }
      status.state = 'done';
      const { secret, renewed, lost } = status;
      log.info(
        { secret, renewed, lost },
        'everything is sealed under the current secret; the others can be taken away',
      );
    } catch (error) {
      status.state = 'failed';
      log.error({ err: error }, 'not everything could be sealed under the current secret; it is tried again');
      if (!stopped) timer = setTimeout(begin, againMs).unref();
    }
  };
  const begin = () => {
    running = run();
  };

  return {
    async prepare() {
      for (const { secret, purpose, sealed } of await listKept(db)) {
        try {
          const key = Buffer.from(keyring.decrypt(sealed, contextOf(secret, purpose)), 'base64');
          keyring.keep(purpose as KeyPurpose, key);
        } catch (error) {
          log.error({ err: error, secret, purpose }, 'a key of an earlier secret cannot be read');
        }
      }
    },
    start() {
      if (others.length > 0 && !running) begin();
    },
    status: () => ({ ...status }),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
