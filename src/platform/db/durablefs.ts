import { closeSync, fdatasyncSync, fsyncSync, openSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

interface OpenFile {
  /** Missing for folders, which are not opened outside. */
  nfd?: number;
  node: unknown;
}

interface FilesOutside {
  stream_ops: { fsync?: (file: OpenFile) => void };
  realPath(node: unknown): string;
}

type Options = Parameters<NodeFS['init']>[1];

/** PGlite's files in a folder, with the fsync that its own lack: a power cut would lose what was acknowledged. */
export class DurableFS extends NodeFS {
  override async init(engine: PGlite, given: Options): Promise<{ emscriptenOpts: Options }> {
    const { emscriptenOpts } = await super.init(engine, given);
    const preRun = [
      ...(emscriptenOpts.preRun ?? []),
      (module: { FS: { filesystems: unknown } }) => {
        const files = (module.FS.filesystems as { NODEFS: FilesOutside }).NODEFS;
        files.stream_ops.fsync = (file) => {
          if (file.nfd !== undefined) fdatasyncSync(file.nfd);
          else syncFolder(files.realPath(file.node));
        };
      },
    ];
    return { emscriptenOpts: { ...emscriptenOpts, preRun } };
  }
}

/**
 * What the creation of a database wrote reaches the disk within seconds while the database is already in use: waiting
 * for a thousand files would double the time of the first start, and the system writes them within a minute anyway.
 */
export async function syncTree(folder: string): Promise<void> {
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
