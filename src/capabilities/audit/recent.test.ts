import { expect, test } from 'vitest';
import { type Entry, toLine } from './lines.ts';
import { createRecent } from './recent.ts';

const entry = (id: string): Entry => ({ type: 'record', org: 'default', id, body: `{"text":"é ,\\"body\\": ${id}"}` });
const long = toLine(entry('a'), 0).length;
const filled = (recent: ReturnType<typeof createRecent>, segment: number, at: number, id: string) =>
  recent.add(segment, at * long, toLine(entry(id), 0), entry(id), 0);
const told = (batch: ReturnType<ReturnType<typeof createRecent>['take']>) =>
  batch && [...batch.written.map((one) => one.entry), batch.end / long];

test('what was written last is given without a gap, again until it is shipped, and never from another place', () => {
  const recent = createRecent(100 * long);
  for (const [at, id] of ['a', 'b', 'c'].entries()) filled(recent, 1, at, id);
  const [b, c, d] = ['b', 'c', 'd'].map(entry);
  expect(told(recent.take(1, 5, 9, 99 * long))).toBeUndefined(); // in the middle of a line, and a is past from here
  expect(told(recent.take(1, long, 1, 99 * long))).toEqual([b, 2]);
  expect(told(recent.take(1, long, 9, 99 * long))).toEqual([b, c, 3]);
  expect(told(recent.take(1, long, 9, 1.5 * long))).toEqual([b, 2]);
  expect(told(recent.take(1, long, 9, 1))).toEqual([b, 2]); // one at least

  filled(recent, 2, 0, 'd');
  expect(told(recent.take(1, 2 * long, 9, 99 * long))).toEqual([c, 3]); // not from the next segment in one batch
  expect(told(recent.take(2, 0, 9, 99 * long))).toEqual([d, 1]);
});

test('what there was no room for has to be read from the file, and what came after it is found again', () => {
  const recent = createRecent(2 * long);
  for (const [at, id] of ['a', 'b', 'c'].entries()) filled(recent, 1, at, id);
  expect(told(recent.take(1, 0, 9, 99 * long))).toEqual([entry('a'), entry('b'), 2]);
  expect(told(recent.take(1, 2 * long, 9, 99 * long))).toBeUndefined();
  filled(recent, 1, 3, 'd');
  expect(told(recent.take(1, 3 * long, 9, 99 * long))).toEqual([entry('d'), 4]);
});
