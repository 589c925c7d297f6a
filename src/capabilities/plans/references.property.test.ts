import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import { createMeter, jsonBytes } from './limits.ts';
import { type Path, parsePath, readPath, type Segment, writePath } from './paths.ts';
import { select } from './select.ts';
import { fillTemplate, readTemplate } from './templates.ts';

const keys = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom('a', 'key', 'odd key', '0', 'x.y', '"', '[0]', 'constructor', 'toString', 'length', '$ref', '}}'),
);
const { json } = fc.letrec<{ json: Json; list: Json[]; object: JsonObject }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(null, true),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string(),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('json'), { maxLength: 4 }),
  object: fc
    .dictionary(keys, tie('json'), { maxKeys: 5, noNullPrototype: true })
    .filter((it) => !('__proto__' in it && Object.hasOwn(it, '__proto__'))),
}));

/** A value and the way to some place in it, as `turns` lead. */
const placed = fc.tuple(json, fc.array(fc.nat(), { maxLength: 6 })).map(([whole, turns]) => {
  const path: Segment[] = [];
  let value: Json = whole;
  for (const turn of turns) {
    if (Array.isArray(value) && value.length > 0) {
      const index = turn % value.length;
      path.push({ kind: 'index', index });
      value = value[index] ?? null;
    } else if (isObject(value) && Object.keys(value).length > 0) {
      const key = Object.keys(value)[turn % Object.keys(value).length] ?? '';
      path.push({ kind: 'key', key });
      value = (value as JsonObject)[key] ?? null;
    }
  }
  return { whole, path: path as Path, value };
});

const meter = () => createMeter(Number.POSITIVE_INFINITY);

function fill(template: Json, whole: Json): { value: Json; faults: string[] } {
  const faults: string[] = [];
  const read = readTemplate(template, 'arguments', {
    names: new Set(['step']),
    whyNot: (name) => (name === 'step' ? undefined : 'it is not there'),
    fault: (place, what) => void faults.push(`${place}: ${what}`),
  });
  const value = fillTemplate(read, { meter: meter(), maxText: 1_000_000, valueNamed: () => ({ value: whole }) });
  return { value, faults };
}

describe('a reference', () => {
  it('gives exactly what stands at its path, however odd its fields are called', () => {
    fc.assert(
      fc.property(placed, ({ whole, path, value }) => {
        const rest = writePath(path);
        fc.pre(rest.length <= 300);
        const $ref = `step${rest === '' || rest.startsWith('[') ? '' : '.'}${rest}`;
        const filled = fill({ deep: [{ $ref }], beside: 1 }, whole);
        expect(filled).toEqual({ value: { deep: [value], beside: 1 }, faults: [] });
      }),
      { numRuns: 2_000 },
    );
  });

  it('is written and read as the same path', () => {
    const segments: fc.Arbitrary<Segment> = fc.oneof(
      keys.filter((key) => key !== '__proto__').map((key) => ({ kind: 'key' as const, key })),
      fc.nat(99).map((index) => ({ kind: 'index' as const, index })),
      fc.record({
        kind: fc.constant('span' as const),
        from: fc.nat(99),
        to: fc.option(fc.nat(99), { nil: undefined }),
      }),
    );
    fc.assert(
      fc.property(fc.array(segments, { maxLength: 8 }), (path) => {
        expect(parsePath(writePath(path))).toEqual(path);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leads to nothing but what the value itself holds', () => {
    const wild = fc.array(
      fc.oneof(keys, fc.constantFrom('.', '[', ']', '[*]', '[0]', '[1:]', '["a"]', '__proto__', '.')),
    );
    fc.assert(
      fc.property(json, wild, (whole, pieces) => {
        const path = parsePath(pieces.join(''));
        if (typeof path === 'string') return;
        const found = readPath(whole, path, 'step', meter());
        if ('reason' in found) expect(found.reason).toMatch(/^(each item of )?step/);
        else
          for (const part of Array.isArray(found.value) ? found.value : [found.value]) {
            expect(partsOf(whole).some((one) => Object.is(one, part))).toBe(true);
          }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what is no reference', () => {
  it('is passed on as it is', () => {
    const plain = json.filter((value) => !/"\$(ref|template|literal)":|[${]\{/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(plain, json, (value, whole) => {
        expect(fill(value, whole)).toEqual({ value, faults: [] });
      }),
    );
  });

  it('is passed on whatever it is, as a literal', () => {
    fc.assert(
      fc.property(json, ($literal) => {
        expect(fill([{ $literal }], null).value).toEqual([$literal]);
      }),
    );
  });
});

describe('a selection', () => {
  it('holds what its path leads to, and at most what the value holds', () => {
    fc.assert(
      fc.property(placed, ({ whole, path, value }) => {
        const kept = select(whole, [path], meter());
        expect(kept.notes).toEqual([]);
        // Of a list the chosen item alone stays, and is then the first.
        const there = path.map(
          (segment): Segment => (segment.kind === 'index' ? { kind: 'index', index: 0 } : segment),
        );
        expect(readPath(kept.value, there, 'it', meter())).toEqual({ value });
        expect(JSON.stringify(kept.value).length).toBeLessThanOrEqual(JSON.stringify(whole).length);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the bytes of a value', () => {
  it('are those of its JSON text, as closely as a bound needs', () => {
    fc.assert(
      fc.property(json, (value) => {
        const exact = Buffer.byteLength(JSON.stringify(value));
        const counted = jsonBytes(value, 1_000_000);
        expect(counted).toBeGreaterThanOrEqual(exact);
        expect(counted).toBeLessThanOrEqual(exact + partsOf(value).length);
        expect(jsonBytes(value, 3) > 3).toBe(counted > 3);
      }),
    );
  });
});

function partsOf(value: Json): Json[] {
  if (typeof value !== 'object' || value === null) return [value];
  return [value, ...Object.values(value).flatMap(partsOf)];
}
