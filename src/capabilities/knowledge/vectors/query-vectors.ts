import type { Embedder, Embedders } from '../../../platform/models/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { normalised } from './direction.ts';

const patienceMs = 1_500;
const pauseAfterFailureMs = 30_000;
const kept = 1_000;

/** What is asked, as vectors. A model that does not answer in time costs the vectors, never the answer. */
export function createQueryVectors({ embedders, log }: { embedders: Embedders; log: Log }) {
  const known = new Map<string, Promise<Float32Array | undefined>>();
  const failedAt = new Map<string, number>();
  const stopping = new AbortController();

  const ask = async (embedder: Embedder, text: string): Promise<Float32Array | undefined> => {
    try {
      const patience = AbortSignal.any([stopping.signal, AbortSignal.timeout(patienceMs)]);
      const { vectors } = await embedder.embed([text], 'query', patience);
      return vectors[0] && normalised(vectors[0]);
    } catch (error) {
      if (!stopping.signal.aborted) {
        failedAt.set(embedder.model, performance.now());
        log.warn(
          { err: error, model: embedder.label },
          'what is asked could not be embedded: words alone decide for now',
        );
      }
      return undefined;
    }
  };

  return {
    /** Undefined when the model that goes by this name is not there, does not answer in time, or failed a moment ago. */
    async of(model: string, text: string): Promise<Float32Array | undefined> {
      const embedder = embedders.all.find((one) => one.model === model);
      const key = `${model}\n${text}`;
      const before = known.get(key);
      if (before) return await before;
      const failed = failedAt.get(model);
      if (!embedder || (failed !== undefined && performance.now() - failed < pauseAfterFailureMs)) return undefined;
      // Not ended by whoever asked first: others may wait for the same.
      const vector = ask(embedder, text);
      if (known.size >= kept) known.delete(known.keys().next().value ?? '');
      known.set(key, vector);
      if ((await vector) === undefined) known.delete(key);
      return await vector;
    },
    stop: () => stopping.abort(),
  };
}

export type QueryVectors = ReturnType<typeof createQueryVectors>;
