import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Database, migrate, openDatabase } from '../../src/platform/db/index.ts';
import { silentLog } from '../database.ts';

export interface KillReport {
  acknowledged: number;
  /** Pairs that were acknowledged and are gone. */
  lost: string[];
  /** Pairs of which only one half is there. */
  torn: string[];
}

const pairs = {
  name: 'chaos/0001_pairs',
  sql: 'create table pair (pair text not null, half int not null, primary key (pair, half))',
};

/**
 * Lets another process write to the database, kills it with SIGKILL at a random moment, and looks at what is there;
 * `rounds` times on the same database.
 */
export async function killWriters(
  target: { databaseUrl?: string; dataDir: string },
  rounds: number,
): Promise<KillReport> {
  const open = () => openDatabase({ ...target, log: silentLog });
  await using(await open(), (database) => migrate(database, [pairs]));
  const acknowledged = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    for (const pair of await writeUntilKilled(target, round)) acknowledged.add(pair);
  }
  return using(await open(), async (database) => {
    const { rows } = await database.pool.query<{ pair: string; halves: string }>(
      'select pair, count(*) as halves from pair group by pair',
    );
    const halves = new Map(rows.map((row) => [row.pair, Number(row.halves)]));
    return {
      acknowledged: acknowledged.size,
      lost: [...acknowledged].filter((pair) => !halves.has(pair)),
      torn: [...halves].filter(([, count]) => count !== 2).map(([pair]) => pair),
    };
  });
}

async function writeUntilKilled(target: object, round: number): Promise<string[]> {
  const script = fileURLToPath(new URL('./writer.ts', import.meta.url));
  const writer = spawn(process.execPath, [script, JSON.stringify(target), String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => writer.once('close', resolve));
  const said: string[] = [];
  const first = new Promise<void>((resolve) => {
    writer.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.push(text);
      resolve();
    });
  });
  const wrote = await Promise.race([first.then(() => true), ended.then(() => false)]);
  if (!wrote) throw new Error(`the writer ended with ${writer.exitCode} before it wrote`);
  await pause(Math.random() * 500);
  writer.kill('SIGKILL');
  await ended;
  // A last line without its end was not acknowledged.
  return said.join('').split('\n').slice(0, -1);
}

async function using<T>(database: Database, work: (database: Database) => Promise<T>): Promise<T> {
  try {
    return await work(database);
  } finally {
    await database.stop();
  }
}
