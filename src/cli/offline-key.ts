import { type CreatedKey, createKey, type KeyInput, systemPrincipal } from '../capabilities/access/index.ts';
import { createAudit } from '../capabilities/audit/index.ts';
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
  const created = await createKey({ db, keyring, clock }, { ...input, org, createdBy });
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
  await audit.act({
    org,
    at: clock.now(),
    kind: 'act',
    principal: createdBy,
    action: 'keys.create',
    subject: created.key.id,
    detail: { ...input, offline: true } as JsonObject,
    outcome: 'ok',
  });
  return created;
}
