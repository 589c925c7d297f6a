import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config/schema.ts';
import type { Fit } from '../platform/keyring/index.ts';
import { createLog } from '../platform/telemetry/log.ts';

const waitMs = 3_000; // somebody waits at the terminal

/**
 * How the secrets of the settings fit the database; undefined where there is none yet, or where it cannot be looked at,
 * which other findings say. Changes nothing.
 */
export async function secretFit(settings: Settings): Promise<Fit | undefined> {
  const { secret, otherSecrets, databaseUrl, dataDir } = settings;
  if (secret === undefined) return undefined;
  if (databaseUrl === undefined && !existsSync(join(dataDir, 'db'))) return undefined;
  try {
    const [{ openDatabase }, { createKeyring, fitOf }, { sealedIn }] = await Promise.all([
      import('../platform/db/index.ts'),
      import('../platform/keyring/index.ts'),
      import('../app/rotation.ts'),
    ]);
    const log = createLog({ level: 'silent', service: 'fairlead' });
    const database = await openDatabase({ databaseUrl, dataDir, log, waitMs });
    const keyring = createKeyring(secret, otherSecrets);
    return await fitOf({ db: database.db, keyring, sealed: sealedIn(database.db) }).finally(() => database.stop());
  } catch {
    return undefined;
  }
}
