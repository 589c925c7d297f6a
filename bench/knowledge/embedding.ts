import { createVectors } from '../../src/capabilities/knowledge/vectors/index.ts';
import { models } from '../../src/config/models-schema.ts';
import type { Database } from '../../src/platform/db/index.ts';
import { createEmbedders, type Embedder } from '../../src/platform/models/index.ts';
import { createProcesses } from '../../src/platform/process/index.ts';
import type { Log } from '../../src/platform/telemetry/index.ts';
import { org } from './world.ts';

export interface ModelChoice {
  /** A folder with a model as ONNX. */
  directory?: string | undefined;
  /** An endpoint that speaks OpenAI's `POST /embeddings`, and the model there. */
  url?: string | undefined;
  model?: string | undefined;
}

/** The embedding model that was chosen, as the server would have it; undefined where none was. */
export function openEmbedders({ directory, url, model }: ModelChoice, log: Log) {
  const embedding = directory ? { directory, threads: 2 } : url ? { url, model } : undefined;
  if (!embedding) return undefined;
  const processes = createProcesses({ inherit: { PATH: process.env.PATH ?? '' }, log });
  const embedders = createEmbedders({
    ...{ settings: models.parse({ embedding }), fetch, processes, log },
    spent: () => undefined,
  });
  return {
    ...embedders,
    usual: embedders.usual as Embedder,
    async stop() {
      await embedders.stop();
      await processes.stop();
    },
  };
}

export type BenchEmbedders = NonNullable<ReturnType<typeof openEmbedders>>;

/** The vectors of all passages, made by the way of the server; resolves when every passage has one. */
export async function fillVectors({ db }: Database, embedders: BenchEmbedders, log: Log, collection: number) {
  const vectors = createVectors({
    ...{ db, embedders, log, replica: 'bench', goneAfterMs: 0 },
    clock: { now: () => Date.now() },
    modelOf: () => undefined,
  });
  const startedAt = performance.now();
  vectors.start();
  let made = 0;
  do {
    await new Promise((resolve) => setTimeout(resolve, 200));
    made = (await vectors.read(org)).get(collection)?.vectors ?? 0;
  } while (made === 0 || (await vectors.pending(org, collection)) > 0);
  return { vectors, made, tookMs: performance.now() - startedAt };
}
