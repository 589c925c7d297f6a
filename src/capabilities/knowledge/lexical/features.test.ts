import { expect, it } from 'vitest';
import { featuresOf } from './features.ts';
import type { QueryTerm } from './query.ts';

const chunks = 1_000;
const term = (word: string, more: Partial<QueryTerm> = {}): QueryTerm => ({
  word,
  lexemes: [word],
  weight: 1,
  ...more,
});
const [roll, back, cluster] = [term('roll'), term('back'), term('cluster')];

function features(terms: readonly QueryTerm[], places: Record<string, number[]>, found: Record<string, number> = {}) {
  const pairs = terms.slice(1).map((second, at) => ({ first: terms[at] as QueryTerm, second, isQuoted: false }));
  const share = (matched: readonly QueryTerm[]) => matched.length / terms.length;
  const frequency = ({ word }: QueryTerm) => found[word] ?? 5;
  return featuresOf({ terms, pairs }, share, frequency, chunks)(new Map(Object.entries(places)));
}

it('tells apart words that stand together, in one place, and anywhere', () => {
  const all = [roll, back, cluster];
  const together = features(all, { roll: [10], back: [11], cluster: [13] });
  const near = features(all, { roll: [10], back: [25], cluster: [49] });
  const anywhere = features(all, { roll: [10], back: [100], cluster: [300] });
  expect(together).toMatchObject({ share: 1, window: 1, phrase: 1 });
  expect(near).toMatchObject({ share: 1, window: 1, phrase: 0 });
  expect(anywhere.share).toBe(1);
  expect(anywhere.window).toBeCloseTo(1 / 3);
});

it('takes the best window, wherever it stands', () => {
  const { window } = features([roll, back, cluster], { roll: [1, 200], back: [100, 210], cluster: [239] });
  expect(window).toBe(1);
});

it('finds rare words more surprising than common ones, and a word that only looks alike half a word', () => {
  const places = { roll: [1], back: [2] };
  const rare = features([roll, back], places, { roll: 1, back: 1 });
  const common = features([roll, back], places, { roll: 300, back: 400 });
  expect(common).toMatchObject({ share: 1, phrase: 1 });
  expect(rare.surprise).toBeGreaterThan(5);
  expect(common.surprise).toBeLessThan(0);
  const alike = features([roll, { ...back, isNear: true }], places);
  expect(alike.share).toBeCloseTo(0.75);
});

it('gives a word by itself what it is worth, without anything that could stand beside it', () => {
  expect(features([cluster], { cluster: [7] })).toMatchObject({ share: 1, window: 1, phrase: 1 });
  expect(features([cluster], {})).toMatchObject({ share: 0, window: 0, phrase: 0 });
});
