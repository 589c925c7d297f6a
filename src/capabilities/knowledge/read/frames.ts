import type { Readable } from 'node:stream';

// What is said over the pipes between us and the child that reads: frames of a length (4 bytes, big-endian) and so many
// bytes. A request is two of them (options as JSON, the document), an answer is one (JSON).

/** One frame, as the buffers to be written. */
export function frame(bytes: Uint8Array): [Buffer, Uint8Array] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}

/** The frames of a stream, one after another. Throws at one longer than `maxLength`. */
export async function* framesOf(stream: Readable, maxLength: number): AsyncGenerator<Buffer, void> {
  let held: Buffer[] = [];
  let size = 0;
  const take = (count: number): Buffer => {
    const all = held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
    held = [all.subarray(count)];
    size -= count;
    return all.subarray(0, count);
  };
  let wanted: number | undefined;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held.push(chunk);
    size += chunk.length;
    for (;;) {
      if (wanted === undefined) {
        if (size < 4) break;
        wanted = take(4).readUInt32BE();
        if (wanted > maxLength) throw new RangeError(`a frame of ${wanted} bytes`);
      }
      if (size < wanted) break;
      const bytes = take(wanted);
      wanted = undefined;
      yield bytes;
    }
  }
}
