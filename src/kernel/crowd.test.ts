import { expect, test } from 'vitest';
import { createCrowd } from './crowd.ts';

test('a crowd holds whoever came and has not left, in whatever order they go', () => {
  const crowd = createCrowd<string>();
  const leaveOf = new Map(['a', 'b', 'c', 'd'].map((one) => [one, crowd.enter(one)]));
  leaveOf.get('b')?.();
  leaveOf.get('d')?.();
  leaveOf.get('b')?.();
  expect([...crowd].sort()).toEqual(['a', 'c']);
  expect([crowd.size, crowd.has('c'), crowd.has('d')]).toEqual([2, true, false]);

  const leave = crowd.enter('e');
  leaveOf.get('a')?.();
  leaveOf.get('c')?.();
  expect([...crowd]).toEqual(['e']);
  leave();
  leave();
  expect([...crowd]).toEqual([]);
});

test('who leaves while the crowd is told something keeps nobody from hearing it', () => {
  const crowd = createCrowd<() => void>();
  const heard: number[] = [];
  for (const number of [1, 2, 3]) {
    const leave = crowd.enter(() => {
      heard.push(number);
      leave();
    });
  }
  for (const tell of crowd) tell();
  expect([heard.sort(), crowd.size]).toEqual([[1, 2, 3], 0]);
});
