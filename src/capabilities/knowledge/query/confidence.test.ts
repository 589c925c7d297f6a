import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { searchSettings } from '../../../config/search-schema.ts';
import { confidenceOf, type Nearness } from './confidence.ts';

const nothing = { share: 0, window: 0, phrase: 0, surprise: -7 };
const everything = { share: 1, window: 1, phrase: 1, surprise: 20 };
const part = fc.double({ min: 0, max: 1, noNaN: true });
const words = fc.record({
  share: part,
  window: part,
  phrase: part,
  surprise: fc.double({ min: -12, max: 90, noNaN: true }),
});
const meaning: fc.Arbitrary<Nearness | undefined> = fc.option(
  fc.record({
    similarity: fc.double({ min: -1, max: 1, noNaN: true }),
    typical: fc.double({ min: -1, max: 1, noNaN: true }),
  }),
  { nil: undefined },
);

describe('confidence', () => {
  it('stays between 0 and 1, and more of anything never makes it less', () => {
    fc.assert(
      fc.property(words, meaning, words, part, (some, near, more, nearer) => {
        const before = confidenceOf(some, near);
        expect(before).toBeGreaterThanOrEqual(0);
        expect(before).toBeLessThanOrEqual(1);
        for (const key of ['share', 'window', 'phrase', 'surprise'] as const)
          expect(confidenceOf({ ...some, [key]: Math.max(some[key], more[key]) }, near)).toBeGreaterThanOrEqual(before);
        if (near)
          expect(
            confidenceOf(some, { ...near, similarity: Math.min(1, near.similarity + nearer) }),
          ).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  it('is high for a passage with all that was asked, low for one with a word of it, and none for none', () => {
    expect(confidenceOf(everything)).toBeGreaterThan(0.9);
    expect(confidenceOf({ share: 0.2, window: 0.2, phrase: 0, surprise: 2 })).toBeLessThan(0.2);
    expect(confidenceOf(nothing)).toBeLessThan(0.1);
    expect(confidenceOf(undefined)).toBe(0);
  });

  it('comes from meaning where the words are others, and is taken away by it where they are the same by chance', () => {
    const [near, none] = [
      { similarity: 0.75, typical: 0.1 },
      { similarity: 0.1, typical: 0.1 },
    ];
    expect(confidenceOf(undefined, near)).toBeGreaterThan(4 * confidenceOf(undefined, none));
    const half = { share: 0.6, window: 0.6, phrase: 0.2, surprise: 6 };
    const far = confidenceOf(half, { similarity: 0.15, typical: 0.1 });
    expect(far).toBeLessThan(confidenceOf(half));
    expect(confidenceOf(half, { similarity: 0.7, typical: 0.1 })).toBeGreaterThan(confidenceOf(half));
  });

  it('lets what is very near in meaning be an answer without a word of the question, and what is somewhat near not', () => {
    const { answerableFrom } = searchSettings.parse({});
    expect(confidenceOf(undefined, { similarity: 0.6, typical: 0.1 })).toBeGreaterThan(answerableFrom);
    expect(confidenceOf(undefined, { similarity: 0.35, typical: 0.1 })).toBeLessThan(answerableFrom);
  });

  it('does not ask how alike any two texts are to a model, nor a similarity of which that is not known', () => {
    const [narrow, wide] = [
      { similarity: 0.9, typical: 0.8 },
      { similarity: 0.5, typical: 0 },
    ];
    expect(confidenceOf(nothing, narrow)).toBeCloseTo(confidenceOf(nothing, wide), 10);
    expect(confidenceOf(everything, { similarity: 0.1 })).toBe(confidenceOf(everything));
  });
});
