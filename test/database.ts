import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll } from 'vitest';
import ours from '../package.json' with { type: 'json' };
import { databaseOver } from '../src/platform/db/database.ts';
import { poolOver } from '../src/platform/db/embedded.ts';
import { migrate } from '../src/platform/db/index.ts';
import { openPostgres } from '../src/platform/db/postgres.ts';
import { type EngineThread, openThread } from '../src/platform/db/thread.ts';
import type { Database, Db, Migration } from '../src/platform/db/types.ts';
import { ownerPool, placeDatabase } from './datafolder.ts';

export const silentLog = pino({ level: 'silent' });

export interface TestDatabase {
  database: Database;
  db: Db;
  stop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Without it: Postgres when TEST_DATABASE_URL names one, otherwise the embedded database in memory. */
  kind?: Database['kind'];
}

/** The kind of this run: a test of storage runs on the embedded database by `npm test`, on Postgres by `npm run test:services`. */
export const databaseKinds: ReadonlyArray<Database['kind']> = [process.env.TEST_DATABASE_URL ? 'postgres' : 'embedded'];

/** The kinds that can be had in this run, for what goes from one to the other. */
export const reachableKinds: ReadonlyArray<Database['kind']> = [...new Set(['embedded' as const, ...databaseKinds])];

/** A database of the test's own, migrated, gone after `stop`. */
export async function openTestDatabase(
  migrations: readonly Migration[],
  { kind = process.env.TEST_DATABASE_URL ? 'postgres' : 'embedded' }: TestDatabaseOptions = {},
): Promise<TestDatabase> {
  const database = kind === 'postgres' ? await openOnPostgres() : await openInMemory();
  try {
    await migrate(database, migrations);
  } catch (error) {
    await database.stop();
    throw error;
  }
  return { database, db: database.db, stop: database.stop };
}

/** Puts an empty embedded database into a data folder, so that a server started on it need not make one: that takes seconds. */
export async function seedDataDir(dataDir: string): Promise<void> {
  const folder = cached('folder');
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${randomBytes(4).toString('hex')}`;
    const thread = await openThread({ dataDir: unfinished, seed: await seedTar() }, silentLog);
    await thread.stop();
    publish(unfinished, folder);
  }
  placeDatabase(folder, dataDir);
}

async function openOnPostgres(): Promise<Database> {
  const base = process.env.TEST_DATABASE_URL;
  if (!base) throw new Error('TEST_DATABASE_URL names no Postgres');
  const name = `fairlead_test_${randomBytes(8).toString('hex')}`;
  const asOwner = async (statement: string) => {
    const owner = ownerPool(base);
    await owner.query(statement).finally(() => owner.end());
  };
  await asOwner(`create database ${name} template template0`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  const pool = openPostgres(url.href, silentLog);
  return databaseOver('postgres', pool, async () => {
    await pool.end();
    await asOwner(`drop database if exists ${name} with (force)`);
  });
}

/** Engines that no test uses at present. Starting one takes a second, emptying one takes milliseconds. */
const idle: EngineThread[] = [];
afterAll(async () => {
  await Promise.all(idle.splice(0).map((thread) => thread.stop()));
});

async function openInMemory(): Promise<Database> {
  const thread = idle.pop() ?? (await openThread({ dataDir: 'memory://', seed: await seedTar() }, silentLog));
  const pool = poolOver(thread, silentLog);
  return databaseOver('embedded', pool, async () => {
    await pool.end();
    try {
      await empty(thread);
      idle.push(thread);
    } catch {
      await thread.stop();
    }
  });
}

async function empty(thread: EngineThread): Promise<void> {
  const pool = poolOver(thread, silentLog);
  try {
    const { rows } = await pool.query<{ name: string }>(
      "select quote_ident(nspname) as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'",
    );
    await pool.query(`drop schema ${rows.map((row) => row.name).join(', ')} cascade; create schema public`);
  } finally {
    await pool.end();
  }
}

/** The tar of an empty database, made once on this machine. */
export async function seedTar(): Promise<string> {
  const tar = cached('tar');
  if (!existsSync(tar)) {
    const thread = await openThread({ dataDir: 'memory://' }, silentLog);
    const unfinished = `${tar}.${randomBytes(4).toString('hex')}`;
    writeFileSync(unfinished, await thread.dump());
    await thread.stop();
    publish(unfinished, tar);
  }
  return tar;
}

function cached(what: 'tar' | 'folder'): string {
  const folder = join(tmpdir(), 'fairlead-test-databases');
  mkdirSync(folder, { recursive: true });
  return join(folder, `pglite-${ours.dependencies['@electric-sql/pglite']}.${what}`);
}

/** Test processes run side by side: the name appears when the thing is whole, and who comes second has one too. */
function publish(unfinished: string, name: string): void {
  try {
    renameSync(unfinished, name);
  } catch (error) {
    if (!existsSync(name)) throw error;
  }
}
