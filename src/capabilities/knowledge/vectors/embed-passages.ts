import { type Embedder, TextsRefused } from '../../../platform/models/index.ts';
import { normalised } from './direction.ts';
import type { Unembedded } from './store.ts';

export interface EmbeddedPassages {
  vectors: { chunk: number; vector: Float32Array }[];
  /** Those that the model does not take. */
  refused: number[];
  tokens: number;
}

/** Vectors of passages. One that the model refuses costs only itself. */
export async function embedPassages(
  embedder: Embedder,
  passages: readonly Unembedded[],
  signal: AbortSignal,
): Promise<EmbeddedPassages> {
  try {
    const { vectors, tokens } = await embedder.embed(passages.map(textOf), 'passage', signal);
    const made = passages.flatMap(({ chunk }, at) => {
      const vector = vectors[at];
      return vector ? [{ chunk, vector: normalised(vector) }] : [];
    });
    return { vectors: made, refused: [], tokens };
  } catch (error) {
    if (!TextsRefused.is(error)) throw error;
    const [only, ...others] = passages;
    if (!only || others.length === 0) return { vectors: [], refused: passages.map(({ chunk }) => chunk), tokens: 0 };
    const half = Math.ceil(passages.length / 2);
    const first = await embedPassages(embedder, passages.slice(0, half), signal);
    const second = await embedPassages(embedder, passages.slice(half), signal);
    return {
      vectors: [...first.vectors, ...second.vectors],
      refused: [...first.refused, ...second.refused],
      tokens: first.tokens + second.tokens,
    };
  }
}

/** A passage as it is embedded: with what it stands under, as it is indexed by its words. */
function textOf({ title, headings, text }: Unembedded): string {
  const path = headings[0] === title ? headings : [title, ...headings];
  return `${path.filter((part) => part !== '').join(' > ')}\n${text}`;
}
