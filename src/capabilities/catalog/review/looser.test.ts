import { expect, it } from 'vitest';
import { looserAnnotations } from './looser.ts';

it.each([
  [{ readOnlyHint: true }, { readOnlyHint: false }, ['readOnlyHint']],
  [{ readOnlyHint: true }, undefined, ['readOnlyHint']],
  [{ destructiveHint: false }, { destructiveHint: true }, ['destructiveHint']],
  [{ destructiveHint: false }, {}, ['destructiveHint']],
  [{ idempotentHint: true, openWorldHint: false }, {}, ['idempotentHint', 'openWorldHint']],
  [{ readOnlyHint: true, destructiveHint: false }, {}, ['readOnlyHint', 'destructiveHint']],
])('sees that %j promises more than %j', (before, after, names) => {
  expect(looserAnnotations(before, after)).toEqual(names);
});

it.each([
  [undefined, undefined],
  [undefined, { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true }],
  [{}, { readOnlyHint: true, openWorldHint: false }],
  [{ readOnlyHint: 'yes' }, {}],
  [{ destructiveHint: false, idempotentHint: true }, { readOnlyHint: true }],
])('sees no less in %j than in %j', (before, after) => {
  expect(looserAnnotations(before, after)).toEqual([]);
});
