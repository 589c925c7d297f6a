import { digestOf } from '../../kernel/digest.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Embedder } from '../../platform/models/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { SearchableTool } from './fields.ts';
import { putVectors, readVectors } from './store.ts';
import { embeddingText } from './tool-index.ts';

/** What a model makes of tools and queries. Everything here is a comfort: without it words alone decide. */
export interface Embeddings {
  /** By tool id, those that are known by now. What is missing is made in the background: ask again once it is not `busy`. */
  ofTools(
    org: OrgId,
    tools: readonly SearchableTool[],
  ): Promise<{ vectors: Map<string, Float32Array>; missing: number }>;
  /** Whether vectors of tools are being made, or the model is left alone after a failure: asking again gives nothing new. */
  busy(org: OrgId): boolean;
  /** Undefined when the model does not answer in time. */
  ofQuery(query: string): Promise<Float32Array | undefined>;
  stop(): void;
}

interface Deps {
  db: Db;
  embedder: Embedder;
  log: Log;
}

const queryPatienceMs = 1_500;
const makingPatienceMs = 10 * 60_000;
const keptQueries = 500;
const pauseAfterFailureMs = 30_000;

export function createEmbeddings({ db, embedder, log }: Deps): Embeddings {
  const { model } = embedder;
  const stopping = new AbortController();
  const queries = new Map<string, Float32Array>();
  const making = new Set<OrgId>();
  let failedAt = Number.NEGATIVE_INFINITY;

  const failed = (error: unknown, what: string) => {
    if (stopping.signal.aborted) return;
    failedAt = performance.now();
    log.warn({ err: error, model }, `${what} could not be embedded: tools are found by words alone`);
  };
  const isResting = () => performance.now() - failedAt < pauseAfterFailureMs;

  const busy = (org: OrgId) => making.has(org) || isResting();

  const make = async (org: OrgId, texts: ReadonlyMap<string, string>): Promise<void> => {
    if (texts.size === 0 || busy(org)) return;
    making.add(org);
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(makingPatienceMs)]);
      const { vectors } = await embedder.embed([...texts.values()], 'passage', signal);
      const made = [...texts.keys()].flatMap((digest, at) => {
        const vector = vectors[at];
        return vector ? [[digest, vector] as const] : [];
      });
      await putVectors(db, org, model, new Map(made));
    } catch (error) {
      failed(error, 'tools');
    } finally {
      making.delete(org);
    }
  };

  return {
    async ofTools(org, tools) {
      const texts = tools.map((tool) => ({ id: tool.id, text: embeddingText(tool) }));
      const digests = new Map(texts.map(({ id, text }) => [id, digestOf(text)]));
      let known = new Map<string, Float32Array>();
      try {
        known = await readVectors(db, org, model, [...new Set(digests.values())]);
      } catch (error) {
        failed(error, 'tools');
      }
      const missing = texts.filter(({ id }) => !known.has(digests.get(id) ?? ''));
      const wanted = new Map(missing.map(({ id, text }) => [digests.get(id) ?? '', text]));
      void make(org, wanted);
      const vectors = [...digests].map(([id, digest]) => [id, known.get(digest)] as const);
      const there = vectors.filter((pair): pair is [string, Float32Array] => pair[1] !== undefined);
      return { vectors: new Map(there), missing: missing.length };
    },

    busy,

    async ofQuery(query) {
      const known = queries.get(query);
      if (known || isResting()) return known;
      try {
        const patience = AbortSignal.any([stopping.signal, AbortSignal.timeout(queryPatienceMs)]);
        const [vector] = (await embedder.embed([query], 'query', patience)).vectors;
        if (!vector) return undefined;
        if (queries.size >= keptQueries) queries.delete(queries.keys().next().value ?? '');
        queries.set(query, vector);
        return vector;
      } catch (error) {
        failed(error, 'a query');
        return undefined;
      }
    },

    stop: () => stopping.abort(),
  };
}
