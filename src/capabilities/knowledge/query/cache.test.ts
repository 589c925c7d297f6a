import { expect, it } from 'vitest';
import { createRankingCache } from './cache.ts';

const vector = (...numbers: number[]) => Float32Array.from(numbers);
const open = (entries = 100, similarity = 0.97) => createRankingCache<string>(() => ({ entries, similarity }));

it('knows a question again that differs in case, spaces and its end', () => {
  const cache = open();
  cache.keep('scope', 'How do we roll back?', 'found');
  expect(cache.find('scope', '  how do we  roll back ')).toMatchObject({ ranking: 'found' });
  expect(cache.find('scope', 'how do we roll "back"')).toBeUndefined();
  expect(cache.find('another scope', 'How do we roll back?')).toBeUndefined();
});

it('knows it again in other words of the same meaning, and not where a number, a name or a negation differs', () => {
  const cache = open();
  cache.keep('scope', 'how do we roll back release 12', 'found', vector(1, 0.1));
  const near = vector(1, 0.12);
  expect(cache.find('scope', 'the way to roll back release 12', near)).toMatchObject({ ranking: 'found' });
  expect(cache.find('scope', 'the way to roll back release 12', vector(0, 1))).toBeUndefined();
  expect(cache.find('scope', 'the way to roll back release 13', near)).toBeUndefined();
  expect(cache.find('scope', 'how we do not roll back release 12', near)).toBeUndefined();
  expect(cache.find('scope', 'roll back release 12 with deploy.sh', near)).toBeUndefined();
  expect(cache.find('scope', 'the way to roll back release 12')).toBeUndefined();
});

it('does not take questions for the same that are taken apart otherwise, or ask for other identifiers', () => {
  const cache = open();
  const near = vector(1, 0);
  for (const [one, other] of [
    ['how do we deploy? where is the log', 'how do we deploy where is the log'],
    ['how do we deploy\nwhere is the log', 'how do we deploy where is the log'],
    ['getUserName', 'getusername'],
  ] as const) {
    cache.keep(one, one, 'found');
    expect(cache.find(one, other)).toBeUndefined();
  }
  cache.keep('scope', 'what does getUserName give', 'found', near);
  expect(cache.find('scope', 'what comes out of getUserMail', near)).toBeUndefined();
  expect(cache.find('scope', 'what comes out of getUserName.', near)).toEqual({ ranking: 'found', isSame: false });
  expect(cache.find('scope', 'What does  getUserName give?', near)).toEqual({ ranking: 'found', isSame: true });
});

it('compares long questions without others having to wait', () => {
  const cache = open(1_000);
  const near = vector(1, 0);
  const questions = Array.from({ length: 300 }, (_, at) => `${'a'.repeat(4_000)}${'.'.repeat(20)} ${at}`);
  for (const question of questions) cache.keep('scope', question, 'found', near);
  const startedAt = performance.now();
  expect(cache.find('scope', `${'a'.repeat(4_000)} none`, near)).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(500); // it was seconds
});

it('asks for the same words only where the settings say so', () => {
  const cache = open(100, 1);
  cache.keep('scope', 'how do we roll back', 'found', vector(1, 0));
  expect(cache.find('scope', 'the way to roll back', vector(1, 0))).toBeUndefined();
});

it('forgets what was not asked for the longest', () => {
  const cache = open(3);
  for (const name of ['a', 'b', 'c']) cache.keep(name, 'question', name);
  cache.find('a', 'question');
  cache.keep('d', 'question', 'd');
  expect(['a', 'b', 'c', 'd'].map((name) => cache.find(name, 'question')?.ranking)).toEqual(['a', undefined, 'c', 'd']);
});
