import { expect, test } from 'vitest';
import type { Entry } from './lines.ts';
import { createRecent } from './recent.ts';

const entry = (id: string): Entry => ({ type: 'record', org: 'default', id, body: '{}' });
const idsOf = (batch: ReturnType<ReturnType<typeof createRecent>['take']>) =>
  batch && [...batch.written.map((one) => one.entry.id), batch.end];

test('what was written last is given without a gap, again until it is shipped, and never from another place', () => {
  const recent = createRecent(100);
  for (const [at, id] of ['a', 'b', 'c'].entries()) recent.add(1, at * 10, at * 10 + 10, entry(id), at);
  expect(idsOf(recent.take(1, 5, 9, 99))).toBeUndefined(); // in the middle of a line, and a is past from here
  expect(idsOf(recent.take(1, 10, 1, 99))).toEqual(['b', 20]);
  expect(idsOf(recent.take(1, 10, 9, 99))).toEqual(['b', 'c', 30]);
  expect(idsOf(recent.take(1, 10, 9, 15))).toEqual(['b', 20]);
  expect(idsOf(recent.take(1, 10, 9, 1))).toEqual(['b', 20]); // one at least

  recent.add(2, 0, 10, entry('d'), 3);
  expect(idsOf(recent.take(1, 20, 9, 99))).toEqual(['c', 30]); // not from the next segment in one batch
  expect(idsOf(recent.take(2, 0, 9, 99))).toEqual(['d', 10]);
});

test('what there was no room for has to be read from the file, and what came after it is found again', () => {
  const recent = createRecent(20);
  recent.add(1, 0, 10, entry('a'), 0);
  recent.add(1, 10, 30, entry('too long'), 0);
  recent.add(1, 30, 40, entry('c'), 0);
  expect(idsOf(recent.take(1, 0, 9, 99))).toEqual(['a', 10]);
  expect(idsOf(recent.take(1, 10, 9, 99))).toBeUndefined();
  expect(idsOf(recent.take(1, 30, 9, 99))).toEqual(['c', 40]);
});
