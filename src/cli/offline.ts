import { loadSettings } from '../config/index.ts';
import type { Settings } from '../config/schema.ts';
import type { Database } from '../platform/db/index.ts';
import type { Log } from '../platform/telemetry/index.ts';
import { createLog } from '../platform/telemetry/log.ts';
import type { CliContext, CommandInput, OptionSpec } from './command.ts';

const waitForPostgresMs = 5_000; // somebody waits at the terminal

/** Where the data is, for commands that need no server. */
export const offlineOptions: readonly OptionSpec[] = [
  { flags: '--config <file>', help: 'path of fairlead.yaml (FAIRLEAD_CONFIG)' },
  { flags: '--data-dir <folder>', help: 'folder of database and secret (FAIRLEAD_DATA_DIR)' },
  { flags: '--database-url <url>', help: 'Postgres, without a password (DATABASE_URL)' },
  { flags: '--secret-file <file>', help: 'file that holds the secret (FAIRLEAD_SECRET_FILE)' },
];

const names = ['config', 'dataDir', 'databaseUrl', 'secretFile'] as const;

/** The settings as `serve` would have them, by the flags that these commands share with it. */
export function offlineFlags(options: CommandInput['options']): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = options[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

/**
 * Opens the database of a server that does not run, or a Postgres that others use as well, and closes it again.
 *
 * @param prepare whether its tables are brought up to date first
 * @throws ConfigInvalid, DataDirInUse, DatabaseUnavailable, and what `work` throws
 */
export async function withDatabase<T>(
  { env, cwd, stderr }: CliContext,
  options: CommandInput['options'],
  work: (database: Database, settings: Settings, log: Log) => Promise<T>,
  { prepare = true } = {},
): Promise<T> {
  const { settings, warnings } = await loadSettings({ env, cwd, flags: offlineFlags(options) });
  const log = createLog({ level: 'error', service: 'fairlead', destination: stderr });
  for (const warning of warnings) stderr.write(`Warning: ${warning}\n`);
  const { databaseUrl, dataDir } = settings;
  // Loaded only here, and so is what other commands do not need: it takes longer than most of them.
  const { migrate, openDatabase } = await import('../platform/db/index.ts');
  const database = await openDatabase({ databaseUrl, dataDir, log, waitMs: waitForPostgresMs });
  try {
    if (prepare) await migrate(database, [...(await import('../app/migrations.ts')).migrations]);
    return await work(database, settings, log);
  } finally {
    await database.stop();
  }
}

/** Which database it is, without a password. */
export function databaseName({ databaseUrl, dataDir }: Settings): string {
  if (databaseUrl === undefined) return `the embedded database in ${dataDir}`;
  const { hostname, port, pathname } = new URL(databaseUrl);
  return `the Postgres database ${pathname.slice(1) || '?'} at ${hostname || 'the local socket'}${port && `:${port}`}`;
}
