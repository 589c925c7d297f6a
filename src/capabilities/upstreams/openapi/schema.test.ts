import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../kernel/json.ts';
import { importDocument } from './import.ts';

const query = (name: string, schema: unknown) => ({ name, in: 'query', schema });
const json = (schema: unknown) => ({ required: true, content: { 'application/json': { schema } } });

/** What a document with this one operation comes to. */
function only(operation: object, more: Record<string, unknown> = {}) {
  const document = {
    openapi: '3.1.0',
    servers: [{ url: 'https://api.example.com' }],
    paths: { '/things': { post: { operationId: 'test', responses: { 200: { description: 'ok' } }, ...operation } } },
    ...more,
  };
  const { tools, leftOut } = importDocument(JSON.stringify(document), { secrets: [], headers: [], destructive: [] });
  return { tool: tools[0], schema: tools[0]?.inputSchema, leftOut };
}

describe('schemas', () => {
  const inQuery = (schema: unknown, more: Record<string, unknown> = {}) =>
    only({ parameters: [query('q', schema)] }, more).schema as JsonObject & { properties: { q: unknown } };
  const of30 = (schema: unknown, components = {}) => inQuery(schema, { openapi: '3.0.3', components }).properties.q;

  it.each([
    [{ type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [
      { type: 'string', nullable: true, enum: ['a'] },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [{ nullable: true, allOf: [{ type: 'string' }] }, { type: ['string', 'null'] }],
    [
      { nullable: true, anyOf: [{ type: 'string' }, { type: 'integer' }] },
      { anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'null' }] },
    ],
    [{ oneOf: [{ type: 'string' }, { nullable: true }] }, { anyOf: [{ type: 'string' }, { type: 'null' }] }],
    [
      { type: 'integer', minimum: 1, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false },
      { type: 'integer', exclusiveMinimum: 1, maximum: 9 },
    ],
    [
      { type: 'string', example: 'x', format: 'binary', discriminator: {}, xml: {}, 'x-a': 1 },
      { type: 'string', examples: ['x'] },
    ],
    [{ type: 'file' }, { type: 'string' }],
    [
      { $ref: '#/components/schemas/S', nullable: true },
      { type: ['string', 'null'], description: 's' },
    ],
    [
      { $ref: '#/components/schemas/S', description: 'own' },
      { type: 'string', description: 'own' },
    ],
    [
      { $ref: '#/components/schemas/S', minLength: 3 },
      { type: 'string', description: 's' },
    ],
  ])('of OpenAPI 3.0 are turned into those of today: %j', (schema, expected) => {
    expect(of30(schema, { schemas: { S: { type: 'string', description: 's' } } })).toEqual(expected);
  });

  it.each([
    [{ type: ['string', 'null', 'string', 'odd'] }, { type: ['string', 'null'] }],
    [
      { const: null, exclusiveMinimum: 3 },
      { const: null, exclusiveMinimum: 3 },
    ],
    [true, true],
    [{ $ref: '#/components/schemas/S', minLength: 3 }, { allOf: [{ type: 'string' }, { minLength: 3 }] }],
    [
      { type: 'array', items: [{ type: 'string' }] },
      { type: 'array', prefixItems: [{ type: 'string' }] },
    ],
    [{ required: 'a', minLength: -1, multipleOf: 0, enum: [], pattern: '(', anyOf: [], items: 1 }, {}],
    [{ pattern: '^[\\w-.]+$' }, { pattern: '^[\\w-.]+$' }],
  ])('of OpenAPI 3.1 stay, as far as they can be compiled: %j', (schema, expected) => {
    expect(inQuery(schema, { components: { schemas: { S: { type: 'string' } } } }).properties.q).toEqual(expected);
  });

  it('that contain themselves stand in $defs, once', () => {
    const Node = {
      type: 'object',
      properties: { next: { $ref: '#/components/schemas/Node' }, other: { $ref: '#/components/schemas/Other' } },
    };
    const Other = { type: 'array', items: { $ref: '#/components/schemas/Node' } };
    const schema = inQuery({ $ref: '#/components/schemas/Node' }, { components: { schemas: { Node, Other } } });
    const inner = { next: { $ref: '#/$defs/Node' }, other: { type: 'array', items: { $ref: '#/$defs/Node' } } };
    expect(schema.properties.q).toEqual({ type: 'object', properties: inner });
    expect(schema.$defs).toEqual({ Node: { type: 'object', properties: inner } });
  });

  it('that are nothing but themselves leave the operation out', () => {
    const schemas = {
      A: { allOf: [{ $ref: '#/components/schemas/B' }] },
      B: { anyOf: [{ $ref: '#/components/schemas/A' }] },
    };
    const { leftOut } = only(
      { parameters: [query('q', { $ref: '#/components/schemas/A' })] },
      { components: { schemas } },
    );
    expect(leftOut).toEqual([{ name: 'test', reason: 'a schema that contains nothing but itself' }]);
  });

  it('that would grow without end by being put in place stand in $defs', () => {
    const schemas: Record<string, unknown> = { L0: { type: 'string' } };
    for (let level = 1; level <= 30; level++) {
      const $ref = `#/components/schemas/L${level - 1}`;
      schemas[`L${level}`] = { type: 'object', properties: { a: { $ref }, b: { $ref } } };
    }
    const schema = inQuery({ $ref: '#/components/schemas/L30' }, { components: { schemas } });
    expect(schema.properties.q).toEqual({ $ref: '#/$defs/L30' });
    expect(Object.keys(schema.$defs as object)).toHaveLength(31);
  });

  it('that are too large or too deep leave the operation out', () => {
    const wide = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, n) => [`field${n}`, { type: 'string', description: 'x'.repeat(60) }]),
    );
    const { leftOut } = only({ requestBody: json({ type: 'object', properties: wide }) });
    expect(leftOut).toEqual([{ name: 'test', reason: 'arguments whose schema is longer than 128 KiB' }]);
    let deep: unknown = {};
    for (let level = 0; level < 50; level++) deep = { not: { not: deep } };
    expect(only({ parameters: [query('q', deep)] }).leftOut).toEqual([
      { name: 'test', reason: 'a schema that is nested too deeply' },
    ]);
  });
});

describe('what a tool gives', () => {
  const answering = (schema: unknown, more: Record<string, unknown> = {}) =>
    only(
      {
        responses: { 200: { description: '', content: { 'application/json': { schema } } }, 404: { description: '' } },
      },
      more,
    ).tool?.outputSchema;

  it('is outlined without demanding anything but an object', () => {
    const Person = {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', format: 'email', description: 'Who' },
        boss: { $ref: '#/components/schemas/Person' },
      },
    };
    const schema = {
      allOf: [
        { $ref: '#/components/schemas/Person' },
        { properties: { tags: { type: 'array', items: { type: ['string', 'null'] } } } },
      ],
    };
    expect(answering(schema, { components: { schemas: { Person } } })).toEqual({
      type: 'object',
      properties: {
        name: { description: 'string (email): Who' },
        boss: {
          description: 'object',
          properties: {
            name: { description: 'string (email): Who' },
            boss: {
              description: 'object',
              properties: { name: { description: 'string (email): Who' }, boss: { description: 'object' } },
            },
          },
        },
        tags: { description: 'array', items: { description: 'string or null' } },
      },
    });
  });

  it.each([
    ['a list', { type: 'array', items: {} }],
    ['anything', {}],
    ['an object or nothing', { type: ['object', 'null'], properties: { a: {} } }],
    ['alternatives', { oneOf: [{ type: 'object', properties: { a: {} } }] }],
    ['a round', { $ref: '#/components/schemas/A' }],
  ])('is not promised for %s', (_, schema) => {
    expect(
      answering(schema, { components: { schemas: { A: { allOf: [{ $ref: '#/components/schemas/A' }] } } } }),
    ).toBeUndefined();
  });

  it('is not promised where successes differ, or are no JSON', () => {
    const of = (properties: object) => ({
      description: '',
      content: { 'application/json': { schema: { type: 'object', properties } } },
    });
    const text = { description: '', content: { 'text/plain': {} } };
    expect(only({ responses: { 200: of({ a: {} }), 201: of({ a: {} }) } }).tool?.outputSchema).toBeDefined();
    expect(only({ responses: { 200: of({ a: {} }), 201: of({ b: {} }) } }).tool?.outputSchema).toBeUndefined();
    expect(only({ responses: { 200: of({ a: {} }), 204: { description: '' } } }).tool?.outputSchema).toBeUndefined();
    expect(only({ responses: { 200: text } }).tool?.outputSchema).toBeUndefined();
  });

  it('gets shallower before it gets long', () => {
    const leaf = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [`l${n}`, { type: 'string', description: 'words'.repeat(5) }]),
    );
    const inner = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [`f${n}`, { type: 'object', properties: leaf }]),
    );
    expect(answering({ type: 'object', properties: inner })).toEqual({
      type: 'object',
      properties: Object.fromEntries(Object.keys(inner).map((name) => [name, { description: 'object' }])),
    });
  });
});
