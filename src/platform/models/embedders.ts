import { type EmbeddingSettings, type ModelsSettings, noModel } from '../../config/schema.ts';
import type { Processes } from '../process/index.ts';
import type { Log } from '../telemetry/index.ts';
import type { Embedder } from './embedder.ts';
import { createEndpointEmbedder } from './endpoint.ts';
import { createLocalEmbedder } from './local/local.ts';
import { costOfTokens, noteSpent } from './spending.ts';

/** The embedding models of the settings. */
export interface Embedders {
  /** The one that helps wherever no other is named. */
  readonly usual: Embedder | undefined;
  /** Every one. */
  readonly all: readonly Embedder[];
  /** By its name; `none`, and a name that is not known, have none; without a name the usual one. */
  named(name: string | undefined): Embedder | undefined;
  /** The names that may be named, `none` among them. */
  readonly names: readonly string[];
  stop(): Promise<void>;
}

interface Deps {
  settings: Pick<ModelsSettings, 'embedding' | 'embeddings'>;
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  processes: Pick<Processes, 'spawn'>;
  log: Log;
  /** Told of the tokens of each answer. */
  spent(tokens: number): void;
}

export function createEmbedders({ settings, fetch, processes, log, spent }: Deps): Embedders {
  const make = (one: EmbeddingSettings): Embedder => {
    const embedder =
      'directory' in one
        ? createLocalEmbedder({ settings: one, processes, log })
        : createEndpointEmbedder({ settings: one, fetch });
    return {
      ...embedder,
      async embed(texts, purpose, signal) {
        const embedded = await embedder.embed(texts, purpose, signal);
        spent(embedded.tokens);
        noteSpent(embedded.tokens, costOfTokens(embedded.tokens, embedder.costPerMillionTokens));
        return embedded;
      },
    };
  };
  const usual = settings.embedding && make(settings.embedding);
  const others = new Map(Object.entries(settings.embeddings).map(([name, one]) => [name, make(one)]));
  const all = [...(usual ? [usual] : []), ...others.values()];
  return {
    usual,
    all,
    named: (name) => (name === undefined ? usual : others.get(name)),
    names: [...others.keys(), noModel],
    async stop() {
      for (const one of all) await one.stop();
    },
  };
}
