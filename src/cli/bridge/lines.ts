import { type Readable, Transform } from 'node:stream';
import { JsonFault, parseJson } from '../../kernel/json.ts';

const lookMs = 20;
const answersWithinMs = 60_000;

/**
 * What the client writes, for the SDK's transport: batches, which 2025-03-26 knew, are taken apart into their
 * messages; and the end of the input comes only when every request before it has its answer, so that
 * `echo '{...}' | fairlead stdio` shows one.
 */
export function clientLines(stdin: Readable, isIdle: () => boolean): Readable {
  let rest = '';
  const decoder = new TextDecoder();
  const lines = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.push(unbatched(part));
      done();
    },
    flush(done) {
      if (rest.trim() !== '') this.push(unbatched(rest));
      const until = Date.now() + answersWithinMs;
      // The last messages are read by the transport only after this turn.
      const timer = setInterval(() => {
        if (!isIdle() && Date.now() < until) return;
        clearInterval(timer);
        done();
      }, lookMs);
    },
  });
  stdin.on('error', (error) => lines.destroy(error));
  return stdin.pipe(lines);
}

function unbatched(line: string): string {
  if (!line.trimStart().startsWith('[')) return `${line}\n`;
  try {
    const batch = parseJson(line);
    return Array.isArray(batch) ? batch.map((message) => `${JSON.stringify(message)}\n`).join('') : `${line}\n`;
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return `${line}\n`; // the transport reports it
  }
}
