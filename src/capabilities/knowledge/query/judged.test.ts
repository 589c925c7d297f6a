import { expect, it } from 'vitest';
import { rememberingJudge } from './judged.ts';

it('judges a text once, and again when it was forgotten for others [KN-9] [KN-13]', () => {
  const judged: string[] = [];
  const judge = rememberingJudge((text) => {
    judged.push(text);
    return [`seen: ${text}`];
  });
  for (const text of ['one', 'two', 'one']) expect(judge(text)).toEqual([`seen: ${text}`]);
  expect(judged).toEqual(['one', 'two']);
  for (let n = 0; n < 5_000; n++) judge(`other ${n}`);
  expect(judge('one')).toEqual(['seen: one']);
  expect(judged.filter((text) => text === 'one')).toHaveLength(2);
});
