import type { Readable } from 'node:stream';
import type { ManagedProcess } from '../../../../platform/process/index.ts';
import type { Git } from './command.ts';

/** Contents by their object ids, over one `git cat-file --batch` for a whole scan. */
export interface Blobs {
  /** Undefined when there is no such object, or it is larger than `maxBytes`. Throws `BlobsClosed`. */
  read(id: string, maxBytes: number, signal: AbortSignal): Promise<Buffer | undefined>;
  close(): Promise<void>;
}

export class BlobsClosed extends Error {
  override name = 'BlobsClosed';
}

const answerTimeoutMs = 60_000;

export async function openBlobs(git: Git): Promise<Blobs> {
  const child = await git.start(['cat-file', '--batch']);
  child.stderr.resume();
  const source = createByteReader(child.stdout);
  let last: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | undefined;

  async function readNext(id: string, maxBytes: number): Promise<Buffer | undefined> {
    if (closing) throw new BlobsClosed('closed');
    child.stdin.write(`${id}\n`);
    const [, type, length] = (await source.line()).split(' ');
    if (type === 'missing' || length === undefined) return undefined;
    const size = Number(length);
    const content = await source.bytes(size, size <= maxBytes);
    await source.bytes(1, false); // the line break behind it
    return type === 'blob' ? content : undefined;
  }

  function close(): Promise<void> {
    closing ??= endOf(child);
    return closing;
  }

  return {
    close,
    async read(id, maxBytes, signal) {
      // Ids are written into a protocol of lines.
      if (!/^[0-9a-f]{40,64}$/.test(id)) throw new TypeError('not an object id');
      const turn = last.then(() => {
        signal.throwIfAborted();
        const timer = setTimeout(() => void close(), answerTimeoutMs);
        return readNext(id, maxBytes).finally(() => clearTimeout(timer));
      });
      // An answer that nobody waits for must be read all the same, or the next one would get it.
      last = turn.catch(() => {});
      return turn;
    },
  };
}

async function endOf(child: ManagedProcess): Promise<void> {
  child.stdin.end();
  child.stdout.resume();
  await child.kill(500);
}

interface ByteReader {
  line(): Promise<string>;
  /** Undefined where they are not kept. */
  bytes(count: number, keep: boolean): Promise<Buffer | undefined>;
}

function createByteReader(stream: Readable): ByteReader {
  const parts = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);

  async function more(): Promise<void> {
    const { value, done } = await parts.next().catch(() => ({ value: undefined, done: true }));
    if (done) throw new BlobsClosed('git ended');
    rest = rest.length === 0 ? (value as Buffer) : Buffer.concat([rest, value as Buffer]);
  }

  return {
    async line() {
      for (;;) {
        const end = rest.indexOf(10);
        if (end >= 0) {
          const line = rest.subarray(0, end).toString('utf8');
          rest = rest.subarray(end + 1);
          return line;
        }
        await more();
      }
    },
    async bytes(count, keep) {
      const kept: Buffer[] = [];
      for (let left = count; left > 0; ) {
        if (rest.length === 0) await more();
        const part = rest.subarray(0, left);
        rest = rest.subarray(part.length);
        left -= part.length;
        if (keep) kept.push(part);
      }
      return keep ? Buffer.concat(kept, count) : undefined;
    },
  };
}
