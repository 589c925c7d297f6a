import { describe, expect, it } from 'vitest';
import { canonicalJson, digestOf } from './digest.ts';

describe('the canonical text of a JSON value', () => {
  it('does not depend on the order of keys', () => {
    expect(canonicalJson({ b: [1, { d: 2, c: 3 }], a: 'x' })).toBe('{"a":"x","b":[1,{"c":3,"d":2}]}');
    expect(digestOf({ a: 1, b: 2 })).toBe(digestOf({ b: 2, a: 1 }));
  });

  it.each(['{"text":"\\ud800"}', '{"\\udfff":[1]}', '[1e999]', '{"deep":{"n":-1e999}}'])(
    'exists for whatever parses: %s',
    (text) => {
      expect(digestOf(JSON.parse(text))).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(digestOf(JSON.parse(text))).not.toBe(digestOf(JSON.parse(text.replace(/9{3}|\\u\w{4}/, '1'))));
    },
  );
});
