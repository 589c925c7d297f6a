import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLikeness } from './duplicates.ts';

/** Of which no three stand in the words of another seed. */
const wordsOf = (count: number, seed: number) => Array.from({ length: count }, (_, at) => `${seed}x${at}`);

async function groupsOf(texts: readonly string[]) {
  const likeness = createLikeness();
  for (const [document, text] of texts.entries()) likeness.add({ document, ordinal: 0, text });
  return await likeness.groups();
}

/** As it is counted by hand: three words at a time. */
function jaccard(a: readonly string[], b: readonly string[]): number {
  const [first, second] = [a, b].map(
    (words) => new Set(words.slice(2).map((word, at) => `${words[at]} ${words[at + 1]} ${word}`)),
  ) as [Set<string>, Set<string>];
  return first.intersection(second).size / first.union(second).size;
}

it('estimates how alike two texts are, and puts together what is the same but for case and marks', async () => {
  expect(await groupsOf(['One, two.', 'one two', 'One three.'])).toEqual([{ documents: [0, 1], similarity: 1 }]);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(10_000),
      fc.integer({ min: 60, max: 600 }),
      fc.integer({ min: 0, max: 40 }),
      async (seed, count, changed) => {
        const words = wordsOf(count, seed);
        const other = words.map((word, at) => (at % Math.ceil(count / (changed + 1)) === 1 ? `${word}x` : word));
        const exact = jaccard(words, other);
        const groups = await groupsOf([words.join(' '), other.join(' '), wordsOf(count, seed + 1).join(' ')]);
        expect(groups.length).toBeLessThanOrEqual(1);
        // The estimate has a standard error of 0.04.
        if (exact > 0.8) expect(groups[0]?.documents).toEqual([0, 1]);
        if (exact < 0.4) expect(groups).toEqual([]);
        if (groups[0]) expect(Math.abs(groups[0].similarity - exact)).toBeLessThan(0.2);
      },
    ),
    { numRuns: 60, seed: 7 },
  );
});

it('compares the whole of many documents in seconds, with others in between', { timeout: 60_000 }, async () => {
  const likeness = createLikeness();
  for (let document = 0; document < 3_000; document++)
    likeness.add({ document, ordinal: 0, text: wordsOf(60, document % 2_900).join(' ') });
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  const groups = await likeness.groups();
  clearInterval(timer);
  expect(groups).toHaveLength(100);
  expect(turns).toBeGreaterThan(3);
});
