import { hash } from 'node:crypto';
import type { EmbeddingEndpoint } from '../../config/schema.ts';
import type { Embedder, EmbeddingPurpose } from './embedder.ts';
import { ModelFailed, TextsRefused } from './errors.ts';
import { isCount } from './spending.ts';

interface Deps {
  settings: EmbeddingEndpoint;
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
}

/** Texts in one request: what most servers take. */
const atOnce = 64;
/** After refusals for too much (429) and failures (5xx), each time later, or when the answer says. */
const triesFor: Record<EmbeddingPurpose, number> = { query: 1, passage: 4 };
/** Fewer than tokens have in any language that is common: a text that was cut by this is taken. */
const charactersPerToken = 3;
const usualCharactersPerToken = 4;

/** An endpoint that speaks OpenAI's `POST /embeddings`: a hosted model, or Ollama, vLLM and the like. */
export function createEndpointEmbedder({ settings, fetch }: Deps): Embedder {
  const { url, model, apiKey, dimensions, maxTokens, queryPrefix, passagePrefix = '', costPerMillionTokens } = settings;
  const prefixOf = { query: queryPrefix ?? '', passage: passagePrefix };
  const label = dimensions === undefined ? model : `${model}/${dimensions}`;

  // Most servers run without a model and load neither; where there is one, the first question has no time to wait for them.
  const libraries = Promise.all([import('ai'), import('@ai-sdk/openai-compatible')]);
  libraries.catch(() => {}); // told to whoever asks

  return {
    label,
    model: passagePrefix === '' ? label : `${label}#${hash('sha256', passagePrefix).slice(0, 8)}`,
    ...(costPerMillionTokens === undefined ? {} : { costPerMillionTokens }),
    async embed(texts, purpose, signal) {
      if (texts.length === 0) return { vectors: [], tokens: 0 };
      const [{ embedMany }, { createOpenAICompatible }] = await libraries;
      const provider = createOpenAICompatible({
        name: 'embedding',
        baseURL: url,
        fetch: fetch as typeof globalThis.fetch,
        ...(apiKey === undefined ? {} : { apiKey }),
      });
      const vectors: Float32Array[] = [];
      let tokens = 0;
      const values = texts.map((text) => `${prefixOf[purpose]}${text}`.slice(0, maxTokens * charactersPerToken));
      for (let start = 0; start < values.length; start += atOnce) {
        const asked = values.slice(start, start + atOnce);
        const { embeddings, usage } = await embedMany({
          model: provider.embeddingModel(model),
          values: asked,
          abortSignal: signal,
          maxRetries: triesFor[purpose],
          ...(dimensions === undefined ? {} : { providerOptions: { embedding: { dimensions } } }),
        }).catch((error: unknown) => {
          signal.throwIfAborted();
          throw failureOf(label, error);
        });
        vectors.push(...embeddings.map((embedding) => Float32Array.from(embedding)));
        tokens += usage.tokens > 0 && isCount(usage.tokens) ? usage.tokens : estimateOf(asked);
      }
      if (
        vectors.length !== texts.length ||
        vectors.some(({ length }) => length !== vectors[0]?.length || length === 0)
      )
        throw ModelFailed({ model: label, reason: 'gives vectors that do not fit the texts', remedy: checkRemedy });
      return { vectors, tokens };
    },
    async stop() {},
  };
}

const checkRemedy = 'Check url, model, apiKey and dimensions of the model in the settings.';

/**
 * What may be told of a failure: no word of the answer, which could hold what was sent. No cause either, since errors of the
 * SDK hold both, and the log would have the words of documents and questions.
 */
function failureOf(model: string, error: unknown) {
  const failed = (reason: string, remedy: string) => ModelFailed({ model, reason, remedy });
  for (let at = error; at instanceof Error; at = lastOf(at)) {
    const status = Reflect.get(at, 'statusCode');
    if (status === 400 || status === 413 || status === 422) return TextsRefused({ model, status });
    if (status === 401 || status === 403)
      return failed(`refuses the key (${status})`, 'Check apiKey of the model in the settings.');
    if (status === 429) return failed('takes no more for now (429)', 'Wait, or ask for a higher limit.');
    if (typeof status === 'number' && status >= 500)
      return failed(`fails (${status})`, 'Look at the log of its server.');
    if (typeof status === 'number') return failed(`refuses what it is asked (${status})`, checkRemedy);
    const code = Reflect.get(at, 'code');
    if (typeof code === 'string' && /^(E[A-Z]{3,}|UND_ERR_\w+)$/.test(code))
      return failed(`cannot be reached (${code})`, 'Check that its server runs, and its url.');
  }
  return failed('does not answer as such models do', checkRemedy);
}

function lastOf(error: Error): unknown {
  return Reflect.get(error, 'lastError') ?? error.cause;
}

function estimateOf(texts: readonly string[]): number {
  return Math.ceil(texts.reduce((sum, { length }) => sum + length, 0) / usualCharactersPerToken);
}
