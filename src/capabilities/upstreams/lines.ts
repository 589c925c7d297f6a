import type { Readable } from 'node:stream';

export interface LineHandlers {
  line(text: string): void;
  /** A line of so many bytes was too long and is thrown away; its first and last are kept to tell what it was. */
  oversized?(head: string, tail: string, bytes: number): void;
}

const edge = 512;

/**
 * Splits a stream into lines without ever holding more than `maxBytes` of one.
 * Without an `oversized` handler a long line is cut instead.
 */
export function readLines(stream: Readable, maxBytes: number, { line, oversized }: LineHandlers): void {
  let parts: Buffer[] = [];
  let length = 0;
  let head: Buffer | undefined; // set while a line that is too long runs on
  let tail: Buffer = Buffer.alloc(0);

  const keep = (chunk: Buffer) => {
    length += chunk.length;
    if (head) {
      tail = chunk.length >= edge ? chunk.subarray(-edge) : Buffer.concat([tail, chunk]).subarray(-edge);
      return;
    }
    parts.push(chunk);
    if (length <= maxBytes) return;
    const whole = Buffer.concat(parts);
    head = whole.subarray(0, oversized ? edge : maxBytes);
    tail = whole.subarray(-edge);
    parts = [];
  };

  const end = () => {
    if (head && oversized) oversized(head.toString('utf8'), tail.toString('utf8'), length);
    else if (head || length > 0) {
      const text = (head ?? (parts.length === 1 ? parts[0] : Buffer.concat(parts)))?.toString('utf8') ?? '';
      line(text.endsWith('\r') ? text.slice(0, -1) : text);
    }
    parts = [];
    length = 0;
    head = undefined;
  };

  stream.on('data', (data: Buffer | string) => {
    const chunk = typeof data === 'string' ? Buffer.from(data) : data;
    let from = 0;
    for (let to = chunk.indexOf(0x0a); to >= 0; to = chunk.indexOf(0x0a, from)) {
      if (to > from) keep(chunk.subarray(from, to));
      end();
      from = to + 1;
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  });
  stream.on('end', end);
  stream.on('error', () => undefined); // whoever owns the stream learns of it when the process exits
}
