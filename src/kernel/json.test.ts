import { describe, expect, it } from 'vitest';
import { JsonFault, parseJson } from './json.ts';

describe('foreign JSON', () => {
  it('is refused when nested too deeply, without recursing into it [SP-8]', () => {
    expect(() => parseJson('['.repeat(200_000), { maxDepth: 100 })).toThrow(JsonFault);
    expect(parseJson('[[1]]', { maxDepth: 2 })).toEqual([[1]]);
  });

  it('does not count brackets inside strings', () => {
    expect(parseJson('["[[[[\\"[["]', { maxDepth: 1 })).toEqual(['[[[["[[']);
  });

  it('never carries a __proto__ key into the house [SP-8]', () => {
    expect(() => parseJson('{"a": {"__proto__": {"admin": true}}}')).toThrow(JsonFault);
    expect(() => parseJson('{"\\u005f_proto__": 1}')).toThrow(JsonFault);
    expect(parseJson('{"a": "__proto__"}')).toEqual({ a: '__proto__' });
  });

  it('says what is wrong without quoting the text', () => {
    expect(() => parseJson('{"password": hunter2}')).toThrow(/^not valid JSON$/);
  });
});
