import { describe, expect, it } from 'vitest';
import { createSchemaChecks, SchemaFault } from './schemas.ts';

const checks = createSchemaChecks();

describe('schemas of strangers', () => {
  it('name every fault of the arguments, by its place [SP-13]', () => {
    const schema = {
      type: 'object',
      properties: { n: { type: 'integer' }, mode: { enum: ['a', 'b'] } },
      required: ['n', 'x'],
      additionalProperties: false,
    };
    const faults = checks.faults('k1', schema, { n: 'one', mode: 'c', extra: 1 });
    expect(faults.join('\n')).toMatch(/"n" must be integer/);
    expect(faults.join('\n')).toMatch(/required property 'x'/);
    expect(faults.join('\n')).toMatch(/"mode" .*\["a","b"\]/);
    expect(faults.join('\n')).toMatch(/extra/);
  });

  it('understand 2020-12 and draft-07 alike [SP-13]', () => {
    const tuple = { type: 'array', prefixItems: [{ type: 'string' }], items: false };
    expect(checks.faults('k2', { type: 'object', properties: { t: tuple } }, { t: ['a', 1] })).not.toEqual([]);
    const draft7 = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { t: { type: 'array', items: [{ type: 'string' }], additionalItems: false } },
    };
    expect(checks.faults('k3', draft7, { t: ['a'] })).toEqual([]);
    expect(checks.faults('k3', draft7, { t: ['a', 1] })).not.toEqual([]);
  });

  it('are never followed to another address [SP-13]', () => {
    const remote = { type: 'object', properties: { a: { $ref: 'http://127.0.0.1:9/schema.json' } } };
    expect(() => checks.faults('k4', remote, { a: 1 })).toThrow(SchemaFault);
  });

  it('may refer to themselves', () => {
    const tree = {
      type: 'object',
      properties: { kids: { type: 'array', items: { $ref: '#' } }, n: { type: 'number' } },
    };
    expect(checks.faults('k5', tree, { kids: [{ n: 1 }] })).toEqual([]);
    expect(checks.faults('k5', tree, { kids: [{ n: 'x' }] })).not.toEqual([]);
  });

  it('are refused when they are enormous [SP-13]', () => {
    const huge = { type: 'object', description: 'x'.repeat(300 * 1024) };
    expect(() => checks.faults('k6', huge, {})).toThrow(SchemaFault);
  });

  it.each(['^(a+)+$', '^(?=(a+)+$)(a+)+$', '(?:(\\w+)\\s?)+\\1$'])(
    'cannot stall the server with the pattern %s [SP-13]',
    (pattern) => {
      const schema = { type: 'object', properties: { s: { type: 'string', pattern } } };
      const startedAt = performance.now();
      checks.faults(`p:${pattern}`, schema, { s: `${'a'.repeat(40)}!` });
      // Not a speed goal: without the bound this takes minutes.
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    },
  );

  it('cannot stall the server with many values of which each takes long [SP-13]', () => {
    const items = { type: 'string', pattern: '^(?=(a+)+$)x' };
    const schema = { type: 'object', properties: { list: { type: 'array', items } } };
    const list = Array.from({ length: 200 }, () => `${'a'.repeat(40)}!`);
    const startedAt = performance.now();
    expect(checks.faults('p:list', schema, { list })).not.toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('are compiled once, however often arguments do not fit [SP-13]', () => {
    const property = (n: number) => [`p${n}`, { type: 'string', pattern: `^[a-z]{1,20}${n}$` }];
    const properties = Object.fromEntries(Array.from({ length: 300 }, (_, n) => property(n)));
    const spent = () => {
      const startedAt = performance.now();
      expect(checks.faults('k9', { type: 'object', properties }, { p1: 'A' })).toHaveLength(1);
      return performance.now() - startedAt;
    };
    const first = spent();
    expect(Math.min(spent(), spent(), spent())).toBeLessThan(first / 50);
  });

  it('keep their patterns apart', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string', pattern: '^a$' }, b: { type: 'string', pattern: '^b$' } },
    };
    expect(checks.faults('k7', schema, { a: 'a', b: 'b' })).toEqual([]);
    expect(checks.faults('k7', schema, { a: 'b', b: 'a' })).toHaveLength(2);
  });

  it('read ECMAScript escapes in patterns', () => {
    const schema = { type: 'object', properties: { d: { type: 'string', pattern: '^\\d{4}-\\d{2}$' } } };
    expect(checks.faults('k8', schema, { d: '2026-11' })).toEqual([]);
    expect(checks.faults('k8', schema, { d: '2026-1' })).not.toEqual([]);
  });

  it('that refer to themselves without end are at fault, not whoever calls [SP-13]', () => {
    expect(() => checks.faults('k10', { $ref: '#' }, {})).toThrow(SchemaFault);
  });
});
