import { describe, expect, it } from 'vitest';
import { fuse } from './fuse.ts';

const features = { share: 0, window: 0, phrase: 0, surprise: 0 };
const words = (...hits: [chunkId: number, score: number][]) =>
  hits.map(([chunkId, score]) => ({ chunkId, score, matched: [], share: 0, features }));
const meanings = (...hits: [chunkId: number, similarity: number][]) =>
  hits.map(([chunkId, similarity]) => ({ chunkId, similarity }));
const order = (...given: Parameters<typeof fuse>) => fuse(...given).map(({ chunkId }) => chunkId);

describe('one ranking of words and meaning', () => {
  it.each(['scores', 'ranks'] as const)('by %s puts what both lists have before what one has', (kind) => {
    const found = order(words([1, 9], [2, 8], [3, 2]), meanings([4, 0.8], [2, 0.78], [5, 0.1]), {
      kind,
      vectorWeight: 0.5,
    });
    expect(found[0]).toBe(2);
    expect(found.toSorted()).toEqual([1, 2, 3, 4, 5]);
  });

  it('is that of the words where there is no meaning, whatever the weight', () => {
    for (const kind of ['scores', 'ranks'] as const)
      expect(order(words([7, 3], [8, 2], [9, 1]), [], { kind, vectorWeight: 0.9 })).toEqual([7, 8, 9]);
  });

  it('listens to the weight', () => {
    const both = [words([1, 9], [2, 1]), meanings([2, 0.9], [1, 0.2])] as const;
    expect(order(...both, { kind: 'scores', vectorWeight: 0.1 })[0]).toBe(1);
    expect(order(...both, { kind: 'scores', vectorWeight: 0.9 })[0]).toBe(2);
  });

  it('does not depend on the scale of the words', () => {
    const near = meanings([3, 0.7], [1, 0.5], [2, 0.4]);
    const fusion = { kind: 'scores', vectorWeight: 0.5 } as const;
    expect(order(words([1, 900], [2, 600]), near, fusion)).toEqual(order(words([1, 9], [2, 6]), near, fusion));
  });
});
