import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

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
  const inMemory = dataDir.startsWith('memory://');
  const isNew = !inMemory && !existsSync(join(dataDir, 'PG_VERSION'));
  const engine = await PGlite.create({
    dataDir,
    extensions: { vector },
    startParams: startParams(inMemory),
    ...(seed === undefined ? {} : { loadDataDir: new Blob([readFileSync(seed)]) }),
  });
  if (!inMemory) {
    writeThrough(engine);
    if (isNew) syncTree(dataDir).catch(() => {});
  }
  dieOfAborts(engine, onDeath);
  return engine;
}

function startParams(inMemory: boolean): string[] {
  const fsyncOff = '-F';
  const given = PGlite.defaultStartParams.filter((param) => inMemory || param !== fsyncOff);
  return [...given, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

interface NodeFile {
  nfd?: number;
  node: unknown;
}

interface NodeFiles {
  stream_ops: { fsync?: (file: NodeFile) => void };
  realPath(node: unknown): string;
}

/** PGlite's file system knows no fsync, so that a power cut would lose what was acknowledged. */
function writeThrough(engine: PGlite): void {
  const files = (engine.Module.FS.filesystems as unknown as { NODEFS: NodeFiles }).NODEFS;
  files.stream_ops.fsync = (file) => {
    if (file.nfd !== undefined) fdatasyncSync(file.nfd);
    else syncFolder(files.realPath(file.node));
  };
}

/**
 * What the creation of a database wrote reaches the disk within seconds while the database is already in use: waiting
 * for a thousand files would double the time of the first start, and the system writes them within a minute anyway.
 */
async function syncTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const rest = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const syncSome = async () => {
    for (let path = rest.pop(); path !== undefined; path = rest.pop()) {
      // A file that Postgres has removed meanwhile needs no sync.
      const file = await open(path, 'r+').catch(() => undefined);
      await file?.sync().finally(() => file.close());
    }
  };
  await Promise.all([syncSome(), syncSome(), syncSome()]);
}

function syncFolder(path: string): void {
  // Windows does not open folders as files, and needs no sync of them.
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
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
