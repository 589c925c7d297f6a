import { expect, it } from 'vitest';
import { linksOf } from './links.ts';

it.each([
  ['<https://a/x?page=2>; rel="next", <https://a/x?page=9>; rel="last"', ['https://a/x?page=2']],
  ['<x>; rel=next', ['x']],
  ['<x> ;  REL = "NEXT"', ['x']],
  ['</a,b;c>; title="a, \\"b\\"; rel=no"; rel="prev next"', ['/a,b;c']],
  ['<a>; rel=last,, <b>; rel=next', ['b']],
  ['<a>; rel=prev; rel=next', []],
  ['<a>; crossorigin; rel=next', ['a']],
  ['<a>; rel="next', ['a']],
  ['<a', []],
  ['garbage', []],
  ['', []],
  [null, []],
])('the next page of %j is %j', (header, expected) => {
  expect(linksOf(header, 'next')).toEqual(expected);
});

it('reads what is made to be slow once, and not again and again', () => {
  // In quadratic time this would not end before the test does.
  const hostile = [`<a>;${' '.repeat(1e6)}x`, '<'.repeat(1e6), '<a>;'.repeat(3e5), `<a>;rel="${'\\'.repeat(1e6)}`];
  for (const header of hostile) expect(linksOf(header, 'next')).toEqual([]);
});
