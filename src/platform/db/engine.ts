import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { vector } from '@electric-sql/pglite-pgvector';
import { DurableFS } from './durablefs.ts';

/** The status that PGlite itself handles: an SQL error on its way back to the main loop. */
const sqlError = 100;

const settings: Record<string, string> = {
  // One process on one laptop: a quarter of the usual buffers saves 110 MB of memory.
  shared_buffers: '32MB',
  max_wal_size: '256MB',
  TimeZone: 'UTC',
  // The other methods do not reach our fsync, or reach it for statements that write nothing.
  wal_sync_method: 'fsync',
};

export interface EngineStart {
  /** A folder, or `memory://`. */
  dataDir: string;
  /** A tar of a data folder to begin from, for a database that does not exist yet. */
  seed?: string;
}

/**
 * Opens PGlite so that what it acknowledges is on the disk, and so that it dies of what it cannot survive.
 *
 * `onDeath` is called when the backend has aborted, for example because the disk was full when it had to write its
 * log. Nothing may be asked of it after that: it would not come back from the next call.
 */
export async function openEngine({ dataDir, seed }: EngineStart, onDeath: (reason: string) => void): Promise<PGlite> {
  const engine = dataDir.startsWith('memory://') ? await openInMemory(dataDir, seed) : await openFolder(dataDir, seed);
  dieOfAborts(engine, onDeath);
  return engine;
}

function openInMemory(dataDir: string, seed: string | undefined): Promise<PGlite> {
  return PGlite.create({
    dataDir,
    extensions: { vector, pg_trgm },
    startParams: startParams('no fsync'),
    ...load(seed),
  });
}

function openFolder(folder: string, seed: string | undefined): Promise<PGlite> {
  return PGlite.create({
    fs: new DurableFS(folder),
    extensions: { vector, pg_trgm },
    startParams: startParams('fsync'),
    ...load(seed),
  });
}

function load(seed: string | undefined): { loadDataDir?: Blob } {
  return seed === undefined ? {} : { loadDataDir: new Blob([readFileSync(seed)]) };
}

function startParams(sync: 'fsync' | 'no fsync'): string[] {
  const fsyncOff = '-F';
  const given = PGlite.defaultStartParams.filter((param) => sync === 'no fsync' || param !== fsyncOff);
  return [...given, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** PGlite swallows every exception of its main loop and goes on; after an abort that is an endless loop. */
function dieOfAborts(engine: PGlite, onDeath: (reason: string) => void): void {
  const loop = engine.Module as unknown as { _PostgresMainLoopOnce?: () => void };
  const once = loop._PostgresMainLoopOnce;
  if (!once) throw new Error('this PGlite has another main loop than the one that is guarded here');
  loop._PostgresMainLoopOnce = () => {
    try {
      once();
    } catch (error) {
      if ((error as { status?: unknown }).status !== sqlError) onDeath(String(error));
      throw error;
    }
  };
}
