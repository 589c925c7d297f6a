import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { type Audit, auditMigrations, createAudit } from '../src/capabilities/audit/index.ts';
import type { AuditSettings } from '../src/config/schema.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { type Database, openDatabase } from '../src/platform/db/index.ts';
import { testAuditSettings, testKeyring } from './audit-calls.ts';
import { openTestDatabase, seedDataDir, silentLog } from './database.ts';

const child = fileURLToPath(new URL('./audit-crash-child.ts', import.meta.url));
const patienceMs = 60_000;

export interface CrashRound {
  /** Records that the killed process had acknowledged, and those of them that are gone or say something else. */
  acknowledged: number;
  lost: string[];
  /** Intents that it had acknowledged without a record, and those of them of which there is no account. */
  open: number;
  unaccounted: string[];
  /** Faults in the chain. */
  faults: unknown[];
  /** The secret of the arguments stands in a file of the data folder. */
  secretFound: boolean;
}

/**
 * Lets a process record under load, kills it with SIGKILL, starts again on what it left and looks whether everything
 * that was acknowledged is there; `rounds` times on one data folder and one database.
 */
export async function crashRounds(
  kind: Database['kind'],
  durability: NonNullable<AuditSettings['durability']>,
  rounds: number,
): Promise<CrashRound[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-audit-crash-'));
  const shared = kind === 'postgres' ? await openTestDatabase(auditMigrations, { kind }) : undefined;
  try {
    if (!shared) await seedDataDir(dataDir);
    const databaseUrl = shared && (await urlOf(shared.database));
    const done: CrashRound[] = [];
    for (let round = 0; round < rounds; round++) done.push(await crashOnce(dataDir, durability, databaseUrl, round));
    return done;
  } finally {
    await shared?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function crashOnce(
  dataDir: string,
  durability: NonNullable<AuditSettings['durability']>,
  databaseUrl: string | undefined,
  round: number,
): Promise<CrashRound> {
  const secret = `zq${round}seeded9secret`;
  const { intended, recorded } = await runAndKill([dataDir, durability, secret, ...(databaseUrl ? [databaseUrl] : [])]);
  const secretFound = filesOf(join(dataDir, 'audit')).some((path) => readFileSync(path).includes(secret));

  const database = await openDatabase({ dataDir, databaseUrl, log: silentLog });
  const audit = createAudit({
    db: database.db,
    kind: database.kind,
    dataDir,
    keyring: testKeyring,
    clock: systemClock,
    log: silentLog,
    settings: { ...testAuditSettings, durability },
    replicaId: 'survivor',
  });
  try {
    await audit.start();
    await audit.flush(patienceMs);
    await audit.closeAbandoned();
    const outcomes = await outcomesOf(audit);
    const left = [...intended].filter((id) => !recorded.has(id));
    return {
      acknowledged: recorded.size,
      lost: [...recorded].filter((id) => outcomes.get(id) !== 'ok'),
      open: left.length,
      // Recorded, but killed before it could say so; or closed as unknown.
      unaccounted: left.filter((id) => !['ok', 'OUTCOME_UNKNOWN'].includes(outcomes.get(id) ?? '')),
      faults: (await audit.verify('default')).faults,
      secretFound: secretFound || filesOf(join(dataDir, 'audit')).some((path) => readFileSync(path).includes(secret)),
    };
  } finally {
    await audit.stop();
    await database.stop();
  }
}

async function runAndKill(args: string[]): Promise<{ intended: Set<string>; recorded: Set<string> }> {
  const intended = new Set<string>();
  const recorded = new Set<string>();
  const running = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let ended = 'it ended by itself';
  const timer = setTimeout(() => {
    ended = `it was still silent after ${patienceMs} ms`;
    running.kill('SIGKILL');
  }, patienceMs);
  let killing: NodeJS.Timeout | undefined;
  for await (const line of createInterface({ input: running.stdout })) {
    const [what, id = ''] = line.split(' ');
    (what === 'intended' ? intended : recorded).add(id);
    if (recorded.size > 0) killing ??= setTimeout(() => running.kill('SIGKILL'), 200 + Math.random() * 800);
  }
  clearTimeout(timer);
  clearTimeout(killing);
  if (recorded.size === 0) throw new Error(`the process recorded nothing: ${ended}`);
  return { intended, recorded };
}

/** The latest outcome by id; the code of the error where there is one. */
async function outcomesOf(audit: Audit): Promise<Map<string, string>> {
  const outcomes = new Map<string, string>();
  for await (const line of audit.exportJsonl('default')) {
    const { id, outcome, errorCode } = JSON.parse(line) as { id: string; outcome: string; errorCode?: string };
    if (outcomes.get(id) !== 'ok') outcomes.set(id, errorCode ?? outcome);
  }
  return outcomes;
}

async function urlOf(database: Database): Promise<string> {
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(database.db);
  const url = new URL(process.env.TEST_DATABASE_URL ?? '');
  url.pathname = `/${rows[0]?.name}`;
  return url.href;
}

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
