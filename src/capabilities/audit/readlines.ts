import { open } from 'node:fs/promises';

const readBytes = 1024 * 1024;

interface Line {
  bytes: Buffer;
  offset: number;
  /** It has no line feed. */
  torn: boolean;
}

/** Whole lines from where shipping stands, and at the end of an inherited segment also what has no line feed. */
export async function readLines(
  segment: { path: string; size: number; shipped: number },
  maxEntries: number,
  maxBytes: number,
): Promise<{ lines: Line[]; end: number }> {
  const handle = await open(segment.path, 'r');
  try {
    for (let want = Math.min(readBytes, maxBytes); ; want *= 2) {
      const length = Math.min(want, segment.size - segment.shipped);
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, segment.shipped);
      if (bytesRead < length) throw new Error('the audit file is shorter than it was');
      const lines: Line[] = [];
      let start = 0;
      while (lines.length < maxEntries) {
        const feed = buffer.indexOf(0x0a, start);
        if (feed < 0) break;
        lines.push({ bytes: buffer.subarray(start, feed), offset: segment.shipped + start, torn: false });
        start = feed + 1;
      }
      const last = segment.shipped + length === segment.size;
      if (last && lines.length < maxEntries && start < length) {
        lines.push({ bytes: buffer.subarray(start), offset: segment.shipped + start, torn: true });
        start = length;
      }
      if (lines.length > 0) return { lines, end: segment.shipped + start };
    }
  } finally {
    await handle.close();
  }
}
