import { describe, expect, it } from 'vitest';
import { headerFault, mirroredHeaders, paramHeaderFault } from './paramheaders.ts';

const object = (properties: unknown) => ({ type: 'object', properties });
const mirrored = (type: unknown, header: unknown = 'Region') => ({ type, 'x-mcp-header': header });

describe('parameters mirrored in headers', () => {
  it('are taken from any depth, in the form that the specification gives [SP-5]', () => {
    const schema = object({
      region: mirrored('string'),
      inner: object({ count: mirrored('integer', 'Count'), dry: mirrored('boolean', 'Dry-Run') }),
      plain: { type: 'string' },
    });
    expect(headerFault(schema)).toBeUndefined();
    const args = { region: 'eu', inner: { count: 3, dry: false }, plain: 'not me' };
    expect(mirroredHeaders(schema, args)).toEqual({
      'Mcp-Param-Region': 'eu',
      'Mcp-Param-Count': '3',
      'Mcp-Param-Dry-Run': 'false',
    });
  });

  it('are encoded where a header could not hold them, and left out where they are absent [SP-5]', () => {
    const schema = object({ a: mirrored('string', 'A'), b: mirrored('string', 'B'), c: mirrored('integer', 'C') });
    const encoded = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;
    for (const text of ['größe', ' padded ', 'two\r\nlines', '', '=?base64?x?=']) {
      expect(mirroredHeaders(schema, { a: text, b: null })).toEqual({ 'Mcp-Param-A': encoded(text) });
    }
    expect(mirroredHeaders(schema, { c: 2 ** 60 })).toEqual({});
    expect(mirroredHeaders(schema, { a: { not: 'a text' } })).toEqual({});
  });

  it.each([
    ['on a number', object({ a: mirrored('number') })],
    ['on an object', object({ a: mirrored('object') })],
    ['without a type', object({ a: { 'x-mcp-header': 'A' } })],
    ['with a space in its name', object({ a: mirrored('string', 'a b') })],
    ['with a line break in its name', object({ a: mirrored('string', 'a\r\nb') })],
    ['with no name', object({ a: mirrored('string', '') })],
    ['with a name that is no text', object({ a: mirrored('string', 7) })],
    ['twice under one name', object({ a: mirrored('string', 'A'), b: mirrored('string', 'a') })],
    ['in items', object({ a: { type: 'array', items: mirrored('string') } })],
    ['in a definition', { ...object({}), $defs: { a: mirrored('string') } }],
    ['in a branch', { ...object({}), oneOf: [object({ a: mirrored('string') })] }],
    ['on the root', { ...object({}), ...mirrored('string') }],
  ])('are a fault %s: such a tool is not offered [SP-5]', (_, schema) => {
    expect(headerFault(schema)).toEqual(expect.any(String));
    expect(mirroredHeaders(schema, { a: 'x' })).toEqual({});
  });

  it.each([
    ['the same text', 'x', 'x', undefined],
    ['its Base64 form', 'größe', `=?base64?${Buffer.from('größe').toString('base64')}?=`, undefined],
    ['what only begins like that form', '=?base64?eA==', '=?base64?eA==', undefined],
    ['another text', 'x', 'y', 'something else'],
    ['nothing', 'x', null, 'must be sent'],
    ['Base64 without its padding', 'x', '=?base64?eA?=', 'not canonical'],
    ['Base64 of no text', 'x', `=?base64?${Buffer.from([0xff]).toString('base64')}?=`, 'not canonical'],
  ])('that say %s are told from those that agree [SP-8]', (_, text, sent, fault) => {
    const found = paramHeaderFault(object({ a: mirrored('string', 'A') }), { a: text }, () => sent);
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
  });

  it('agree by number, and say nothing of what was not sent [SP-8]', () => {
    const schema = object({ n: mirrored('integer', 'N') });
    expect(paramHeaderFault(schema, { n: 42 }, () => '42.0')).toBeUndefined();
    expect(paramHeaderFault(schema, { n: 42 }, () => '43')).toContain('Mcp-Param-N');
    expect(paramHeaderFault(schema, {}, () => '43')).toBeUndefined();
  });

  it('do not make a schema of endless depth a danger', () => {
    let schema: unknown = mirrored('string');
    for (let depth = 0; depth < 10_000; depth++) schema = object({ a: schema });
    expect(headerFault(schema)).toContain('too deeply');
  });
});
