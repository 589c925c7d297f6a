import { fileURLToPath } from 'node:url';
import { parseJson } from '../../../kernel/json.ts';
import type { ManagedProcess, Processes } from '../../../platform/process/index.ts';
import type { Chunk } from '../types.ts';
import { frame, framesOf } from './frames.ts';
import { type Answer, maxAnswerBytes, outOfMemory, type Request, type SomeChunks } from './protocol.ts';

const program = new URL(`./read.worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
const keptStderr = 2048;

/** One process that reads documents, one at a time. */
export interface ReadingChild {
  /** How many documents it was given before. */
  readonly documents: number;
  readonly alive: boolean;
  /** Its answer; `broken`, too, where it ended in another way than by its memory. */
  ask(request: Request, bytes: Uint8Array): Promise<Answer | 'out of memory'>;
  /** At once, whatever it does. */
  kill(): Promise<void>;
  /** When it is idle. */
  end(): Promise<void>;
}

export async function startChild(processes: Pick<Processes, 'spawn'>, memoryMiB: number): Promise<ReadingChild> {
  const child = await processes.spawn({
    command: process.execPath,
    args: [`--max-old-space-size=${memoryMiB}`, fileURLToPath(program), String(memoryMiB)],
    env: {},
    label: 'document reader',
  });
  const answers = framesOf(child.stdout, maxAnswerBytes);
  const said = tailOf(child);
  if ((await answers.next()).done) throw new Error(`a document reader did not start: ${said()}`);
  let documents = 0;
  let alive = true;
  void child.exited.then(() => {
    alive = false;
  });

  return {
    get documents() {
      return documents;
    },
    get alive() {
      return alive;
    },
    async ask(request, bytes) {
      documents++;
      for (const part of [...frame(Buffer.from(JSON.stringify(request))), ...frame(bytes)]) child.stdin.write(part);
      const chunks: Chunk[] = [];
      let next = await answers.next().catch(() => undefined);
      for (; next && !next.done; next = await answers.next().catch(() => undefined)) {
        const part = parseJson(next.value.toString(), { maxLength: maxAnswerBytes }) as Answer | SomeChunks;
        if (!('chunks' in part)) return part.read ? { ...part, read: { ...part.read, chunks } } : part;
        for (const chunk of part.chunks) chunks.push(chunk);
      }
      alive = false;
      if (next === undefined) await child.kill(0); // an answer longer than any may be
      const { code, signal } = await child.exited;
      const memory = signal === 'SIGABRT' || signal === 'SIGKILL' || code === 134 || said().includes(outOfMemory);
      return memory ? 'out of memory' : { broken: `ended with ${signal ?? code}: ${said()}`, rss: 0 };
    },
    async kill() {
      alive = false;
      await child.kill(0);
    },
    async end() {
      alive = false;
      child.stdin.end();
      const late = setTimeout(() => void child.kill(0), 2000);
      await child.exited;
      clearTimeout(late);
    },
  };
}

/** The last that it wrote to standard error. */
function tailOf(child: ManagedProcess): () => string {
  let tail = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-keptStderr);
  });
  return () => tail;
}
