import { hash } from 'node:crypto';
import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import ours from '../../../../package.json' with { type: 'json' };
import type { EmbeddingDirectory, ModelsSettings } from '../../../config/schema.ts';
import type { Log } from '../../telemetry/index.ts';
import type { Embedded, Embedder } from '../embedder.ts';
import { ModelFailed } from '../errors.ts';
import { fingerprintOf, lackOf, modelFileIn } from './files.ts';
import type { FromModel, LocalModel, ToModel } from './protocol.ts';

/** Compiled, the thread's file ends in `.js` like this one. */
const workerFile = new URL(`./local.worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
const runtime = '@huggingface/transformers';
const runtimeVersion = ours.peerDependencies[runtime];

/** Few enough that a query which comes in between does not wait long. */
const atOnce = 8;
/** A text that is longer is not read to its end by any model that is run this way. */
const mostCharacters = 100_000;

interface Deps {
  settings: EmbeddingDirectory;
  log: Log;
}

/** A model that is in a folder of this machine, as ONNX; run in a thread of its own, which begins with the first text. */
export function createLocalEmbedder({ settings, log }: Deps): Embedder {
  const { directory, pooling, threads, queryPrefix = '', passagePrefix = '' } = settings;
  const label = basename(directory);
  const prefixOf = { query: queryPrefix, passage: passagePrefix };
  const ways = hash('sha256', JSON.stringify([pooling, passagePrefix])).slice(0, 8);
  let thread: ReturnType<typeof startThread> | undefined;
  let isStopped = false;

  const ask = (texts: readonly string[]): Promise<Embedded> => {
    const found = modelFileIn(directory);
    if (!found) throw failed(lackOf(directory) ?? 'cannot be read');
    thread ??= startThread({ directory, pooling, threads, ...found }, (reason) => {
      thread = undefined;
      if (!isStopped)
        log.warn({ model: label, reason }, 'the thread of a model ended; it starts again when it is needed');
    });
    return thread.ask(texts).catch((error: unknown) => {
      throw failed('cannot be run from its folder', error);
    });
  };
  const failed = (reason: string, cause?: unknown) =>
    ModelFailed(
      { model: label, reason, remedy: 'The log has the cause; `fairlead config check` says what is missing.' },
      { cause },
    );

  return {
    label,
    model: `${label}:${fingerprintOf(directory)}:${ways}`,
    async embed(texts, purpose, signal) {
      const values = texts.map((text) => `${prefixOf[purpose]}${text}`.slice(0, mostCharacters));
      const embedded: Embedded = { vectors: [], tokens: 0 };
      for (let start = 0; start < values.length; start += atOnce) {
        signal.throwIfAborted();
        const { vectors, tokens } = await orAborted(ask(values.slice(start, start + atOnce)), signal);
        embedded.vectors.push(...vectors);
        embedded.tokens += tokens;
      }
      return embedded;
    },
    async stop() {
      isStopped = true;
      await thread?.stop();
    },
  };
}

/** Why the local models of the settings cannot be run here, each with what to do; none when they can. */
export function localModelFaults({ embedding, embeddings }: ModelsSettings): string[] {
  const all = [
    ...(embedding ? [['models.embedding', embedding] as const] : []),
    ...Object.entries(embeddings).map(([name, one]) => [`models.embeddings.${name}`, one] as const),
  ];
  return all.flatMap(([name, one]) => {
    if (!('directory' in one)) return [];
    const lack = lackOf(one.directory);
    return [
      ...(lack === undefined ? [] : [`${name}.directory: ${lack}`]),
      ...(hasRuntime()
        ? []
        : [
            `${name}.directory: needs a package that is not installed: npm install --no-save ${runtime}@${runtimeVersion}`,
          ]),
    ];
  });
}

function hasRuntime(): boolean {
  try {
    import.meta.resolve(runtime);
    return true;
  } catch {
    return false;
  }
}

function startThread(model: LocalModel, onEnd: (reason: string) => void) {
  // No environment and no flags: the thread needs none of our secrets.
  const worker = new Worker(workerFile, { workerData: model, env: {}, execArgv: [] });
  worker.unref();
  const waiting = new Map<number, { resolve(embedded: Embedded): void; reject(reason: Error): void }>();
  let next = 0;
  let reason = 'it was stopped';
  worker.on('message', (message: FromModel) => {
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === 'done') asked?.resolve({ vectors: message.vectors, tokens: message.tokens });
    else asked?.reject(new Error(message.reason));
  });
  worker.on('error', (error) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  const ended = new Promise<void>((resolve) =>
    worker.once('exit', () => {
      for (const { reject } of waiting.values()) reject(new Error(reason));
      waiting.clear();
      onEnd(reason);
      resolve();
    }),
  );
  return {
    ask: (texts: readonly string[]) =>
      new Promise<Embedded>((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        const message: ToModel = { id, texts };
        worker.postMessage(message);
      }),
    async stop() {
      await worker.terminate();
      await ended;
    },
  };
}

/** The thread goes on with what it has begun; nobody waits for it any more. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
