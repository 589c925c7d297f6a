import { z } from 'zod';
import type { RerankerSettings } from '../../config/schema.ts';
import { parseJson } from '../../kernel/json.ts';
import { readBounded } from '../http/index.ts';
import { costOfTokens, noteSpent } from './spending.ts';

/** Puts texts into order for a question. */
export interface Reranker {
  readonly model: string;
  /** How well each text answers, in the order of the texts; more is better, the scale is the model's own. */
  rank(query: string, texts: readonly string[], signal: AbortSignal): Promise<number[]>;
}

interface Deps {
  settings: RerankerSettings;
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
}

const answerShape = z.object({
  results: z.array(z.object({ index: z.int().nonnegative(), relevance_score: z.number() })),
  usage: z.looseObject({ total_tokens: z.int().nonnegative().optional() }).optional().catch(undefined),
});
const longestAnswer = 1_000_000;

/**
 * An endpoint that speaks the `POST /rerank` which Cohere began and Jina, Voyage, vLLM, llama.cpp, Infinity and LiteLLM have
 * too: `{model, query, documents, top_n}` is answered by `{results: [{index, relevance_score}]}`.
 */
export function createReranker({ settings: { url, model, apiKey, costPerMillionTokens }, fetch }: Deps): Reranker {
  return {
    model,
    async rank(query, texts, signal) {
      if (texts.length === 0) return [];
      const response = await fetch(`${url.replace(/\/+$/, '')}/rerank`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        body: JSON.stringify({ model, query, documents: texts, top_n: texts.length }),
        signal,
      });
      const text = (await readBounded(response, longestAnswer)).toString();
      if (!response.ok) throw new Error(`the reranker answered with status ${response.status}`);
      const { results, usage } = answerShape.parse(parseJson(text));
      const tokens = usage?.total_tokens ?? estimateOf([...texts, ...texts.map(() => query)]); // it reads the question with each
      noteSpent(tokens, costOfTokens(tokens, costPerMillionTokens));
      const scores = new Array<number>(texts.length).fill(Number.NEGATIVE_INFINITY);
      for (const { index, relevance_score } of results) if (index < scores.length) scores[index] = relevance_score;
      return scores;
    },
  };
}

const usualCharactersPerToken = 4;

function estimateOf(texts: readonly string[]): number {
  return Math.ceil(texts.reduce((sum, { length }) => sum + length, 0) / usualCharactersPerToken);
}
