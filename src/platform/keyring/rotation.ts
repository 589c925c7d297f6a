import type { Db } from '../db/types.ts';
import type { Log } from '../telemetry/index.ts';
import { admitSecret } from './fit.ts';
import type { KeyPurpose, Keyring } from './keyring.ts';
import { keepOnlySecret, listKept, putKept } from './store.ts';
import type { Holding, Renewal, RotationStatus } from './types.ts';

/** Moves what is kept from the other secrets to the current one. */
export interface Rotation {
  /**
   * Holds the secret against what is sealed here, and knows the kept keys; call it before anybody is let in.
   * @throws SecretUnknown
   */
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

interface RotationDeps {
  db: Db;
  keyring: Keyring;
  log: Log;
  /** What keeps values that `Keyring.encrypt` sealed: they say themselves under which secret. */
  sealed: readonly Holding[];
  /** What is signed, or sealed in another way. */
  signed: readonly Holding[];
}

export function createRotation(deps: RotationDeps): Rotation {
  const { db, keyring, log, sealed, signed } = deps;
  const holdings = [...signed, ...sealed];
  const { others } = keyring;
  const status: RotationStatus = {
    secret: keyring.id,
    others,
    state: others.length === 0 ? 'idle' : 'waiting',
    renewed: 0,
    lost: 0,
    missing: [],
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
      if (keyring.isCurrent(row.sealed)) continue;
      let sealed: string | undefined;
      try {
        sealed = renewal.again(row.sealed, contextOf(row.secret, row.purpose));
      } catch {
        status.lost++;
      }
      if (sealed !== undefined) await putKept(db, { ...row, sealed });
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
      if (lost === 0) {
        await keepOnlySecret(db, keyring.id);
        status.missing = [];
      }
      const counts = { current: secret, renewed, lost };
      if (lost === 0) log.info(counts, 'everything is sealed under the current secret; the others can be taken away');
      else log.error(counts, 'some of what is sealed is under no secret that was given, and cannot be read');
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
      const { missing } = await admitSecret({ db, keyring, sealed });
      status.missing = missing;
      if (missing.length > 0)
        log.error(
          { missing },
          'something is sealed here under secrets that were not given: give them as FAIRLEAD_OTHER_SECRETS',
        );
      for (const { secret, purpose, sealed } of await listKept(db)) {
        try {
          const key = Buffer.from(keyring.decrypt(sealed, contextOf(secret, purpose)), 'base64');
          keyring.keep(purpose as KeyPurpose, key);
        } catch (error) {
          log.error({ err: error, of: secret, purpose }, 'a key of an earlier secret cannot be read');
        }
      }
    },
    start() {
      if ((others.length > 0 || status.missing.length > 0) && !running) begin();
    },
    status: () => ({ ...status }),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
