import canonicalize from 'canonicalize';
import fc from 'fast-check';
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

  it('is that of RFC 8785 for whatever it knows', () => {
    const keys = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.constantFrom('10', '9', '01', '-1', '', '__proto__', 'constructor', 'toJSON', '\u20ac', '\r', '\ufb33', '😀'),
    );
    const numbers = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      fc.constantFrom(-0, 0, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 1 / 3, 2 ** 53),
    );
    const texts = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof({ maxDepth: 5 }, fc.constantFrom(null, true, false), numbers, texts, tie('list'), tie('object')),
      list: fc.array(tie('json'), { maxLength: 5 }),
      object: fc.dictionary(keys, tie('json'), { maxKeys: 8, noNullPrototype: false }),
    }));
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        if (isKnownToTheRfc(value)) expect(text).toBe(canonicalize(value));
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  // The example of RFC 8785, section 3.2.2, and that of its sorting, section 3.2.3.
  it('is the one that the RFC gives for its examples', () => {
    const example = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    );
    expect(canonicalJson(example)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    const sorting = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(canonicalJson(sorting).match(/:\d/g)).toEqual([':2', ':4', ':6', ':7', ':1', ':5', ':3']);
  });

  it('tells what RFC 8785 has no text for by a replacement, wherever it stands', () => {
    expect(canonicalJson(undefined)).toBe('null');
    expect(canonicalJson({ b: undefined, a: [undefined], c: { '\ud800': -0 } })).toBe('{"a":[null],"c":{"\ufffd":0}}');
    expect(canonicalJson([Number.NaN, '\udfff'])).toBe('["NaN","\ufffd"]');
    expect(canonicalJson({ toJSON: 'a', '2': new Date(0) })).toBe('{"2":"1970-01-01T00:00:00.000Z","toJSON":"a"}');
  });

  it('exists for what is nested deeply, and not for what never ends', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 50_000; level++) deep = [deep];
    expect(canonicalJson(deep)).toHaveLength(100_001);
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => canonicalJson(circle)).toThrow();
  });
});

function isKnownToTheRfc(value: unknown): boolean {
  try {
    canonicalize(value);
    return true;
  } catch {
    return false;
  }
}
