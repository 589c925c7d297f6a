import { sealedIn } from '../app/rotation.ts';
import {
  type CreatedKey,
  createKey,
  findOrg,
  type KeyInput,
  type Sealed,
  type SealInput,
  seal,
  systemPrincipal,
} from '../capabilities/access/index.ts';
import { type ActNotes, createActs, createAudit } from '../capabilities/audit/index.ts';
import type { Settings } from '../config/schema.ts';
import { systemClock } from '../kernel/clock.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Database } from '../platform/db/index.ts';
import { admitSecret, forgetSecrets, type Keyring } from '../platform/keyring/index.ts';
import type { Log } from '../platform/telemetry/index.ts';

export interface Storehouse {
  database: Database;
  settings: Settings;
  keyring: Keyring;
  log: Log;
}

/** Under another secret than the server's a key would count for nothing. @throws SecretUnknown */
async function admit({ database: { db }, keyring }: Storehouse): Promise<void> {
  await admitSecret({ db, keyring, sealed: sealedIn(db) });
}

/** Makes a key with no server running: whoever holds database and secret may. The audit has it all the same. */
export async function createOfflineKey(house: Storehouse, input: KeyInput, org: string): Promise<CreatedKey> {
  const { db } = house.database;
  await admit(house);
  await findOrg(db, org); // an organisation that is not there has no audit to keep the act
  const createdBy = systemPrincipal();
  const notes = { action: 'keys.create', org, subject: input.name, detail: { ...input, offline: true } as JsonObject };
  return performOffline(house, notes, async (told) => {
    const { keyring } = house;
    const created = await createKey({ db, keyring, clock: systemClock }, { ...input, org, createdBy });
    told.subject = created.key.id;
    return created;
  });
}

/** Makes a break-glass credential likewise. */
export async function sealOffline(house: Storehouse, input: SealInput): Promise<Sealed> {
  const { db } = house.database;
  await admit(house);
  const createdBy = systemPrincipal();
  const detail = { ...input, offline: true } as JsonObject;
  const notes = { action: 'break_glass.create', org: createdBy.org, subject: input.name, detail };
  return performOffline(house, notes, async (told) => {
    const { keyring } = house;
    const sealed = await seal({ db, keyring, clock: systemClock }, { ...input, createdBy });
    told.subject = sealed.credential.id;
    return sealed;
  });
}

/** Has the secret of here count alone from now on; the audit says so. */
export async function forgetOffline(house: Storehouse, missing: readonly string[]): Promise<void> {
  const { database, keyring } = house;
  const { org } = systemPrincipal();
  const notes = {
    action: 'secrets.forget',
    org,
    subject: keyring.id,
    detail: { forgotten: [...missing], offline: true },
  };
  await performOffline(house, notes, () => forgetSecrets(database.db, keyring));
}

function performOffline<T>(
  { database, settings, keyring, log }: Storehouse,
  about: Omit<ActNotes, 'principal' | 'clientAddress'>,
  run: (notes: ActNotes) => Promise<T>,
): Promise<T> {
  const clock = systemClock;
  const audit = createAudit({
    db: database.db,
    kind: database.kind,
    dataDir: settings.dataDir,
    keyring,
    clock,
    log,
    settings: { ...settings.audit, durability: 'database' },
    replicaId: 'offline',
  });
  const notes: ActNotes = { ...about, principal: systemPrincipal() };
  return createActs({ audit, clock, log }).perform(notes, async (intend) => {
    await intend();
    return run(notes);
  });
}
