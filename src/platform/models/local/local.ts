import { hash } from 'node:crypto';
import { basename } from 'node:path';
import ours from '../../../../package.json' with { type: 'json' };
import type { EmbeddingDirectory, ModelsSettings } from '../../../config/schema.ts';
import type { Processes } from '../../process/index.ts';
import type { Log } from '../../telemetry/index.ts';
import type { Embedded, Embedder } from '../embedder.ts';
import { ModelFailed } from '../errors.ts';
import { fingerprintOf, lackOf, modelFileIn } from './files.ts';
import { type ModelProcess, startModel } from './process.ts';

const runtime = '@huggingface/transformers';
const runtimeVersion = ours.peerDependencies[runtime];

/** Few enough that a query which comes in between does not wait long. */
const atOnce = 8;
/** A text that is longer is not read to its end by any model that is run this way. */
const mostCharacters = 100_000;

interface Deps {
  settings: EmbeddingDirectory;
  processes: Pick<Processes, 'spawn'>;
  log: Log;
}

/** A model that is in a folder of this machine, as ONNX; run in a process of its own, which begins with the first text. */
export function createLocalEmbedder({ settings, processes, log }: Deps): Embedder {
  const { directory, pooling, threads, queryPrefix = '', passagePrefix = '' } = settings;
  const label = basename(directory);
  const prefixOf = { query: queryPrefix, passage: passagePrefix };
  const ways = hash('sha256', JSON.stringify([pooling, passagePrefix])).slice(0, 8);
  let running: Promise<ModelProcess> | undefined;
  let isStopped = false;

  const ask = async (texts: readonly string[]): Promise<Embedded> => {
    const found = modelFileIn(directory);
    if (!found || isStopped) throw failed(lackOf(directory) ?? 'was stopped');
    running ??= startModel(processes, { directory, pooling, threads, ...found }, (reason) => {
      running = undefined;
      if (!isStopped)
        log.warn({ model: label, reason }, 'the process of a model ended; it starts again when it is needed');
    });
    running.catch(() => {
      running = undefined; // it could not be started: tried again with the next texts
    });
    try {
      return await (await running).ask(texts);
    } catch (error) {
      throw failed('cannot be run from its folder', error);
    }
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
      await (await running?.catch(() => undefined))?.stop();
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

/** The process goes on with what it has begun; nobody waits for it any more. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
