import { type CreatedKey, createKey, findOrg, type KeyInput, systemPrincipal } from '../capabilities/access/index.ts';
import { type ActNotes, createActs, createAudit } from '../capabilities/audit/index.ts';
import type { Settings } from '../config/schema.ts';
import { systemClock } from '../kernel/clock.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Database } from '../platform/db/index.ts';
import type { Keyring } from '../platform/keyring/index.ts';
import type { Log } from '../platform/telemetry/index.ts';

export interface Storehouse {
  database: Database;
  settings: Settings;
  keyring: Keyring;
  log: Log;
}

/** Makes a key with no server running: whoever holds database and secret may. The audit has it all the same. */
export async function createOfflineKey(
  { database, settings, keyring, log }: Storehouse,
  input: KeyInput,
  org: string,
): Promise<CreatedKey> {
  const { db, kind } = database;
  const clock = systemClock;
  const createdBy = systemPrincipal();
  await findOrg(db, org); // an organisation that is not there has no audit to keep the act
  const audit = createAudit({
    db,
    kind,
    dataDir: settings.dataDir,
    keyring,
    clock,
    log,
    settings: { ...settings.audit, durability: 'database' },
    replicaId: 'offline',
  });
  const notes: ActNotes = {
    action: 'keys.create',
    principal: createdBy,
    org,
    subject: input.name,
    detail: { ...input, offline: true } as JsonObject,
  };
  return createActs({ audit, clock, log }).perform(notes, async (intend) => {
    await intend();
    const created = await createKey({ db, keyring, clock }, { ...input, org, createdBy });
    notes.subject = created.key.id;
    return created;
  });
}
