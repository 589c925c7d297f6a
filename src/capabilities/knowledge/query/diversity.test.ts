import { expect, it } from 'vitest';
import { type Said, saidIn, spread } from './diversity.ts';

const long = (more: string) =>
  `The deployment waits until all replicas are ready, then the old ones are drained and stopped one by one. ${more}`;
const texts = (found: readonly { text: string }[]) => found.map(({ text }) => text);
const passage = (document: number, text: string): { text: string; said: Said } => ({
  text,
  said: saidIn({ document, text }),
});

it('leaves out what tells nothing that a better passage does not tell', () => {
  const first = passage(1, long('It takes three minutes in staging.'));
  const same = passage(2, long('It takes three minutes  in staging'));
  const shorter = passage(3, long(''));
  const other = passage(4, long('It takes three minutes in production.'));
  expect(spread([first, same, shorter, other], 10)).toEqual([first, other]);
});

it('keeps a shorter one first when it is better, and the longer one, which tells more', () => {
  const shorter = passage(3, long(''));
  const longer = passage(1, long('It takes three minutes in staging, and ten in production.'));
  expect(spread([shorter, longer], 10)).toEqual([shorter, longer]);
});

it('lets other documents in after three passages of one, and fills up with further ones of it', () => {
  const of = (document: number, ...words: string[]) => words.map((text) => passage(document, text));
  const ranked = [...of(1, 'a', 'b', 'c', 'd', 'e'), ...of(2, 'f')];
  expect(texts(spread(ranked, 5))).toEqual(['a', 'b', 'c', 'f', 'd']);
});
