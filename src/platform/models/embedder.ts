import type { EmbeddingSettings } from '../../config/schema.ts';

/** Texts as vectors, by one model. */
export interface Embedder {
  /** Names what the vectors come from: those of two names must never meet. */
  readonly model: string;
  /** One vector for each text, in their order. Rejects when the model cannot be asked, or when the signal says so. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]>;
}

interface Deps {
  settings: EmbeddingSettings;
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
}

const atOnce = 64; // texts in one request: what most servers take

/** An endpoint that speaks OpenAI's `POST /embeddings`: a hosted model, or Ollama, vLLM and the like. */
export function createEmbedder({ settings, fetch }: Deps): Embedder {
  const { url, model, apiKey, dimensions } = settings;
  return {
    model: dimensions === undefined ? model : `${model}/${dimensions}`,
    async embed(texts, signal) {
      if (texts.length === 0) return [];
      // Loaded when it is needed: most servers run without a model.
      const [{ embedMany }, { createOpenAICompatible }] = await Promise.all([
        import('ai'),
        import('@ai-sdk/openai-compatible'),
      ]);
      const provider = createOpenAICompatible({
        name: 'embedding',
        baseURL: url,
        fetch: fetch as typeof globalThis.fetch,
        ...(apiKey === undefined ? {} : { apiKey }),
      });
      const vectors: Float32Array[] = [];
      for (let start = 0; start < texts.length; start += atOnce) {
        const { embeddings } = await embedMany({
          model: provider.embeddingModel(model),
          values: texts.slice(start, start + atOnce),
          abortSignal: signal,
          maxRetries: 1,
          ...(dimensions === undefined ? {} : { dimensions }),
        });
        vectors.push(...embeddings.map((embedding) => Float32Array.from(embedding)));
      }
      return vectors;
    },
  };
}
