import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { maxItemBytes } from './bounds.ts';
import { SourceItemGone, SourceItemUnavailable, SourceItemUnfit, SourceUnavailable } from './errors.ts';
import { lookBytes } from './fitness.ts';

const triesAtMost = 3;

/** The true path of a folder. Throws `SourceUnavailable`. */
export async function rootOf(path: string, source: string): Promise<string> {
  try {
    const root = await realpath(path);
    if ((await stat(root)).isDirectory()) return root;
    throw SourceUnavailable({ source, reason: 'it is not a folder' });
  } catch (error) {
    if (SourceUnavailable.is(error)) throw error;
    throw SourceUnavailable({ source, reason: reasonOf(error) }, { cause: error });
  }
}

/** As many bytes as a look needs. */
export async function headOf(path: string): Promise<Uint8Array> {
  const handle = await openFile(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(lookBytes), 0, lookBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

export function revisionOf({ size, mtimeNs }: BigIntStats): string {
  return `${size}-${mtimeNs}`;
}

/** The content of a file that lies in the folder in truth, whatever has been put in its way since it was listed. */
export async function readWithin(root: string, path: string, signal: AbortSignal): Promise<Uint8Array> {
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted();
    const read = await readOnce(root, path, signal).catch((error) => {
      if (signal.aborted) throw signal.reason;
      if (SourceItemUnfit.is(error)) throw error;
      if (codeOf(error) === 'ELOOP') throw SourceItemUnfit({ uri: path, reason: 'a link took its place' });
      if (isGone(error)) throw SourceItemGone({ uri: path }, { cause: error });
      throw SourceItemUnavailable({ uri: path, reason: reasonOf(error) }, { cause: error });
    });
    if (read) return read;
    if (tries === triesAtMost)
      throw SourceItemUnavailable({ uri: path, reason: 'it is being written while it is read' });
  }
}

/** Undefined when it changed meanwhile. */
async function readOnce(root: string, path: string, signal: AbortSignal): Promise<Buffer | undefined> {
  const absolute = join(root, path);
  const handle = await openFile(absolute);
  try {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) throw SourceItemUnfit({ uri: path, reason: 'it is no file' });
    const real = await realpath(absolute);
    const reached = await stat(real, { bigint: true });
    if (!isWithin(root, real) || reached.ino !== before.ino || reached.dev !== before.dev)
      throw SourceItemUnfit({ uri: path, reason: 'a link leads out of the folder' });
    if (before.size > maxItemBytes)
      throw SourceItemUnfit({ uri: path, reason: `it has more than ${maxItemBytes / 1024 / 1024} MB` });
    // Not `readFile`, which goes on as long as somebody writes.
    const buffer = Buffer.alloc(Number(before.size));
    let length = 0;
    while (length < buffer.length) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    const after = await handle.stat({ bigint: true });
    return length === buffer.length && revisionOf(before) === revisionOf(after) ? buffer : undefined;
  } finally {
    await handle.close();
  }
}

/** Without waiting for the other end of a pipe that took the place of a file. */
function openFile(path: string): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

export function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}

export function isGone(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const reasons: Record<string, string> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it is not a folder',
  EACCES: 'the server may not read it',
  EPERM: 'the server may not read it',
  ELOOP: 'it is a link',
  ENAMETOOLONG: 'its path is too long',
  EMFILE: 'too many files are open',
  EIO: 'the disk reports an error',
};

/** What the operating system says, without paths of the machine. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return reasons[code] ?? (code === '' ? 'of an unknown error' : `of the error ${code}`);
}
