import { join } from 'node:path';
import { closeDataFolder } from '../app/datafolder.ts';
import { commandLineSettings, loadSettings } from '../config/index.ts';
import type { Settings } from '../config/schema.ts';
import type { Database } from '../platform/db/index.ts';
import { createKeyring, type Keyring } from '../platform/keyring/index.ts';
import type { Log } from '../platform/telemetry/index.ts';
import { createLog } from '../platform/telemetry/log.ts';
import { type CliContext, type CommandInput, exitCodes, type OptionSpec } from './command.ts';
import { CommandFailed, wrongUsage } from './errors.ts';
import { readStartNotes, sameFolder } from './start-notes.ts';

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

/** What a command without a server works on. */
export interface OfflineData {
  settings: Settings;
  /** What is to be said of the settings. */
  warnings: readonly string[];
}

/** What there is, as `serve` would find it; makes nothing. @throws ConfigInvalid */
export function findData({ env, cwd }: CliContext, options: CommandInput['options']): Promise<OfflineData> {
  return loadSettings({ env, cwd, flags: offlineFlags(options), prepare: false });
}

/**
 * The same; where there is no embedded database yet, data folder and secret are made as by a first start. Never beside
 * a database: keys and signatures under a secret that is not the server's would count for nothing.
 */
export async function prepareData(context: CliContext, options: CommandInput['options']): Promise<OfflineData> {
  const found = await findData(context, options);
  const { databaseUrl, dataDir } = found.settings;
  if (databaseUrl !== undefined || (await hasDatabase(dataDir))) return found;
  const { env, cwd } = context;
  return loadSettings({ env, cwd, flags: offlineFlags(options) });
}

/** Whether an embedded database is in this data folder. */
export async function hasDatabase(dataDir: string): Promise<boolean> {
  return (await import('../platform/db/index.ts')).hasEmbedded(dataDir);
}

/** The keys of the server. @throws CommandFailed when its secret is not known here */
export function keyringOf({ settings: { secret, otherSecrets, dataDir } }: OfflineData, otherwise = ''): Keyring {
  if (secret !== undefined) return createKeyring(secret, otherSecrets);
  throw wrongUsage(
    `The secret of the server is not known: there is none in ${dataDir}, and none was given.`,
    `Give it with --secret-file (FAIRLEAD_SECRET_FILE), or put it into ${join(dataDir, 'secret')}.${otherwise}`,
  );
}

interface Opening {
  /** What to do when a server uses the data folder. */
  whenInUse: string;
  /** Whether its tables are brought up to date first. */
  migrated?: boolean;
}

/**
 * Opens the database of a server that does not run, or a Postgres that others use as well, and closes it again.
 *
 * @throws CommandFailed when a server uses it, DatabaseUnavailable, and what `work` throws
 */
export async function withDatabase<T>(
  { env, stderr }: CliContext,
  { settings, warnings }: OfflineData,
  { whenInUse, migrated = false }: Opening,
  work: (database: Database, log: Log) => Promise<T>,
): Promise<T> {
  const log = createLog({ level: 'error', service: 'fairlead', destination: stderr });
  const { databaseUrl, dataDir } = settings;
  const aboutFolder = databaseUrl === undefined ? await closeDataFolder(dataDir) : [];
  for (const warning of [...warnings, ...aboutFolder]) stderr.write(`Warning: ${warning}\n`);
  // Loaded only here, and so is what other commands do not need: it takes longer than most of them.
  const { DataDirInUse, migrate, openDatabase } = await import('../platform/db/index.ts');
  const database = await openDatabase({ databaseUrl, dataDir, log, waitMs: waitForPostgresMs }).catch(
    async (error: unknown) => {
      if (!DataDirInUse.is(error)) throw error;
      const notes = await readStartNotes(commandLineSettings(env).startNotes);
      const user = notes.find((note) => sameFolder(note.dataDir, dataDir));
      const who = user ? ` It is the server at ${user.url} (process ${user.pid}).` : '';
      throw new CommandFailed(exitCodes.failed, `${error.message}${who}`, whenInUse, { cause: error });
    },
  );
  try {
    if (migrated) await migrate(database, [...(await import('../app/migrations.ts')).migrations]);
    return await work(database, log);
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
