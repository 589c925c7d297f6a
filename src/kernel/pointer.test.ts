import { expect, it } from 'vitest';
import { pointerPattern, valueAt } from './pointer.ts';

it('finds values by JSON pointers as RFC 6901 has them, and nothing that is not there', () => {
  const value = { foo: ['bar', { deep: null }], '': 0, 'a/b': 1, 'm~n': 8, '~1': 9 };
  const at = (pointer: string) => valueAt(value, pointer);
  expect(['', '/foo/0', '/foo/1/deep', '/', '/a~1b', '/m~0n', '/~01'].map(at)).toEqual([
    value,
    'bar',
    null,
    0,
    1,
    8,
    9,
  ]);
  expect(['/foo/2', '/foo/00', '/foo/-', '/nothing', '/constructor', '/foo/0/0'].map(at)).toEqual(
    Array(6).fill(undefined),
  );
  expect(['/a~2', 'a', '/a~'].some((text) => pointerPattern.test(text))).toBe(false);
});
