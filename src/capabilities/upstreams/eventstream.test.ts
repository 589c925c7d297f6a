import { describe, expect, it } from 'vitest';
import { createEventReader } from './eventstream.ts';

function read(chunks: readonly (string | Buffer)[], maxBytes = 1_000): string[] {
  const messages: string[] = [];
  const take = createEventReader(
    maxBytes,
    (data) => messages.push(data),
    () => new Error('too large'),
  );
  for (const chunk of chunks) take(Buffer.from(chunk));
  return messages;
}

describe('a stream of events', () => {
  it('is read whatever ends its lines, and wherever it is cut', () => {
    const text = ': hello\nevent: message\ndata: {"a":\ndata: "ü"}\n\nevent: other\ndata: no\n\ndata:two\n\n';
    for (const end of ['\n', '\r\n', '\r']) {
      const bytes = Buffer.from(text.replaceAll('\n', end));
      const wanted = ['{"a":\n"ü"}', 'two'];
      // A CR at the very end may be half of a line's end: only what follows tells.
      const more = end === '\r' ? [': more'] : [];
      expect(read([bytes, ...more])).toEqual(wanted);
      for (let at = 1; at < bytes.length; at++) {
        expect(read([bytes.subarray(0, at), bytes.subarray(at), ...more])).toEqual(wanted);
      }
      expect(read([...Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)), ...more])).toEqual(wanted);
    }
  });

  it('may be as long as it likes, but no event of it', () => {
    const event = `data: ${'x'.repeat(500)}\n\n`;
    expect(read([event, event, event, event])).toHaveLength(4);
    expect(() => read([`data: ${'x'.repeat(600)}\n`, `data: ${'x'.repeat(600)}\n`])).toThrow('too large');
  });
});
