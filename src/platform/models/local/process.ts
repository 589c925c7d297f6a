import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { JsonFault, parseJson } from '../../../kernel/json.ts';
import type { Processes } from '../../process/index.ts';
import type { Embedded } from '../embedder.ts';
import { type FromModel, type LocalModel, maxAnswerLength, type ToModel } from './protocol.ts';

/** Compiled, the program ends in `.js` like this file. */
const program = new URL(`./local.worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
const keptStderr = 2_048;

/** A model that runs in a process of its own. */
export interface ModelProcess {
  /** Rejects when it fails at the texts, and when the process ends before it has answered. */
  ask(texts: readonly string[]): Promise<Embedded>;
  stop(): Promise<void>;
}

/** `onEnd` is told once the process is gone, with what it said last. */
export async function startModel(
  processes: Pick<Processes, 'spawn'>,
  model: LocalModel,
  onEnd: (reason: string) => void,
): Promise<ModelProcess> {
  const child = await processes.spawn({
    command: process.execPath,
    args: [fileURLToPath(program), JSON.stringify(model)],
    env: {},
    label: 'embedding model',
  });
  const waiting = new Map<number, { resolve(embedded: Embedded): void; reject(reason: Error): void }>();
  let next = 0;
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-keptStderr);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = answerIn(line);
    if (!answer) return void child.kill(0); // whose it was cannot be told: all that wait are told that it ended
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('failed' in answer) asked?.reject(new Error(answer.failed));
    else asked?.resolve({ vectors: answer.vectors.map(numbersOf), tokens: answer.tokens });
  });
  void child.exited.then(({ code, signal }) => {
    const reason = `it ended with ${signal ?? code}: ${said}`;
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
    onEnd(reason);
  });
  return {
    ask: (texts) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        const message: ToModel = { id, texts };
        child.stdin.write(`${JSON.stringify(message)}\n`);
      }),
    stop: () => child.kill(0),
  };
}

function answerIn(line: string): FromModel | undefined {
  try {
    return parseJson(line, { maxLength: maxAnswerLength }) as unknown as FromModel;
  } catch (error) {
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}

function numbersOf(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}
