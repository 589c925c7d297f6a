import { expect, it } from 'vitest';
import { senses } from './index.ts';

it('has one line for each thing, with what people say for it once and in lower case', () => {
  const meant = senses.map(({ meant, deed }) => `${deed} ${meant}`);
  expect(meant.filter((each, at) => meant.indexOf(each) !== at)).toEqual([]);
  const faults = senses.flatMap((sense) => [
    ...sense.said.filter((each, at) => (each === sense.meant && !sense.deed) || sense.said.indexOf(each) !== at),
    ...[sense.meant, ...sense.said].filter((each) => !/^[a-z0-9][a-z0-9 -]*$/.test(each)),
  ]);
  expect(faults).toEqual([]);
});
