import { expect, it } from 'vitest';
import { spread } from './diversity.ts';

const long = (more: string) =>
  `The deployment waits until all replicas are ready, then the old ones are drained and stopped one by one. ${more}`;
const texts = (found: readonly { text: string }[]) => found.map(({ text }) => text);

it('leaves out what tells nothing that a better passage does not tell', () => {
  const first = { document: 1, text: long('It takes three minutes in staging.') };
  const same = { document: 2, text: long('It takes three minutes  in staging') };
  const shorter = { document: 3, text: long('') };
  const other = { document: 4, text: long('It takes three minutes in production.') };
  expect(spread([first, same, shorter, other], 10)).toEqual([first, other]);
});

it('keeps a shorter one first when it is better, and the longer one, which tells more', () => {
  const shorter = { document: 3, text: long('') };
  const longer = { document: 1, text: long('It takes three minutes in staging, and ten in production.') };
  expect(spread([shorter, longer], 10)).toEqual([shorter, longer]);
});

it('lets other documents in after three passages of one, and fills up with further ones of it', () => {
  const of = (document: number, ...words: string[]) => words.map((text) => ({ document, text }));
  const ranked = [...of(1, 'a', 'b', 'c', 'd', 'e'), ...of(2, 'f')];
  expect(texts(spread(ranked, 5))).toEqual(['a', 'b', 'c', 'f', 'd']);
});
