import { expect, it } from 'vitest';
import { createRemembered } from './remembered.ts';

it('forgets what was not used for longest when it holds too much [KN-13]', () => {
  const remembered = createRemembered<string>(10, ({ length }) => length);
  remembered.keep('one', 1, 'aaaa');
  remembered.keep('one', 2, 'bbbb');
  expect(remembered.get('one', 1)).toBe('aaaa');
  remembered.keep('one', 3, 'cccc');
  expect([1, 2, 3].map((passage) => remembered.get('one', passage))).toEqual(['aaaa', undefined, 'cccc']);
  remembered.keep('one', 3, 'c');
  remembered.keep('one', 4, 'ddddd');
  expect([1, 3, 4].map((passage) => remembered.get('one', passage))).toEqual(['aaaa', 'c', 'ddddd']);
  remembered.keep('one', 5, 'more than there is room for');
  expect(remembered.get('one', 5)).toBeUndefined();
});

it('tells organisations apart, and forgets after some minutes [KN-13]', () => {
  let now = 0;
  const remembered = createRemembered<string>(
    10,
    ({ length }) => length,
    () => now,
  );
  remembered.keep('one', 1, 'a');
  expect(remembered.get('two', 1)).toBeUndefined();
  now += 5 * 60_000;
  expect(remembered.get('one', 1)).toBe('a');
  now += 1;
  expect(remembered.get('one', 1)).toBeUndefined();
});
