import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../kernel/json.ts';
import { parseDocument } from './document.ts';
import { ImportFault } from './faults.ts';
import { importDocument } from './import.ts';
import type { ImportOptions } from './plan.ts';

const nothing = { secrets: [], headers: [], destructive: [] };
const ok = { responses: { 200: { description: 'ok' } } };

/** A document with one operation, or the paths that are given. */
function document(operation: object, more: Record<string, unknown> = {}): JsonObject {
  return {
    openapi: '3.1.0',
    info: { title: 'Test', version: '1' },
    servers: [{ url: 'https://api.example.com/v1/' }],
    paths: { '/things': { post: { operationId: 'test', ...ok, ...operation } } },
    ...more,
  } as JsonObject;
}

function importing(root: object, options: Partial<ImportOptions> = {}) {
  return importDocument(JSON.stringify(root), { ...nothing, ...options });
}

function only(operation: object, more: Record<string, unknown> = {}, options: Partial<ImportOptions> = {}) {
  const { tools, plans, leftOut } = importing(document(operation, more), options);
  return { tool: tools[0], plan: plans[0], schema: tools[0]?.inputSchema, leftOut };
}

const json = (schema: unknown, required = true) => ({ required, content: { 'application/json': { schema } } });
const query = (name: string, schema: unknown = {}, more: object = {}) => ({ name, in: 'query', schema, ...more });

function faultOf(root: unknown, options: Partial<ImportOptions> = {}): string {
  try {
    importDocument(typeof root === 'string' ? root : JSON.stringify(root), { ...nothing, ...options });
    return '';
  } catch (error) {
    if (!(error instanceof ImportFault)) throw error;
    return `${error.message}: ${error.detail}`;
  }
}

describe('a document', () => {
  it.each([
    ['', /neither JSON nor YAML|not an object/],
    ['[1]', /not an object/],
    ['{"a":', /not valid JSON/],
    ['a: [', /neither JSON nor YAML \(line 1\)/],
    ['{"__proto__": 1}', /__proto__/],
    [{ swagger: '2.0' }, /Swagger 2\.0; convert it/],
    [{ info: {} }, /does not say by "openapi"/],
    [{ openapi: '4.0.0' }, /version 4\.0\.0 is not known/],
    [{ openapi: '3.1.0', servers: [{ url: 'https://a.example' }] }, /it has no paths/],
    [document({}, { servers: [] }), /does not say where the API is.*set baseUrl/],
    [document({}, { servers: [{ url: 'https://{host}/v1' }] }), /no address/],
    [document({}, { servers: [{ url: 'ftp://a.example' }] }), /no address/],
  ])('%j is refused: %s', (root, said) => {
    expect(faultOf(root)).toMatch(said);
  });

  it('is JSON or YAML, with aliases, merges and a byte order mark', () => {
    const yaml = `
openapi: 3.0.3
info: { title: T, version: 2024-01-01 }
servers: [{ url: 'https://a.example' }]
base: &base { responses: { 200: { description: ok } } }
paths:
  /a: { get: { <<: *base, operationId: one } }
  /b: { get: { <<: *base, operationId: two } }
`;
    const { tools, apiVersion } = importDocument(`\uFEFF${yaml}`, nothing);
    expect(tools.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(apiVersion).toBe('2024-01-01');
    expect(importDocument(`\uFEFF${JSON.stringify(document({}))}`, nothing).tools).toHaveLength(1);
  });

  it('does not explode by its aliases', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'.split('').map((name, at) => {
        const before = 'abcdefgh'[at];
        return `${name}: &${name} [*${before},*${before},*${before},*${before},*${before},*${before},*${before},*${before},*${before}]`;
      }),
    ];
    expect(faultOf(bomb.join('\n'))).toMatch(/too many of them/);
    expect(faultOf('a: *b')).toMatch(/line 1|without an anchor/);
  });

  it('follows references by every spelling, and no further than itself', () => {
    const root = {
      openapi: '3.1.0',
      'a/b': { 'c~d': { 'é é': 1 } },
      loop: { $ref: '#/loop' },
      hop: { $ref: '#/a~1b' },
    };
    const { resolve } = parseDocument(JSON.stringify(root));
    expect(resolve({ $ref: '#/a~1b/c~0d/%C3%A9%20%C3%A9' })).toEqual({
      value: 1,
      pointer: '#/a~1b/c~0d/%C3%A9%20%C3%A9',
    });
    expect(resolve({ $ref: '#/hop' })).toMatchObject({ pointer: '#/a~1b' });
    expect(resolve({ $ref: '#' }).value).toEqual(root);
    for (const [ref, said] of [
      ['#/loop', /round in a circle/],
      ['#/nowhere', /leads nowhere/],
      ['#/constructor', /leads nowhere/],
      ['#anchor', /leads nowhere/],
      ['#/%', /leads nowhere/],
      ['other.yaml#/A', /another document/],
      ['https://evil.example/a.json', /another document/],
    ] as const) {
      expect(() => resolve({ $ref: ref }), ref).toThrow(said);
    }
  });
});

describe('where the API is', () => {
  const relative = document({}, { servers: [{ url: '/v2/{region}/', variables: { region: { default: 'eu' } } }] });

  it.each([
    [document({}), {}, 'https://api.example.com/v1'],
    [document({}), { baseUrl: 'http://localhost:1/x/' }, 'http://localhost:1/x'],
    [relative, { documentUrl: 'https://docs.example.com/a/openapi.json' }, 'https://docs.example.com/v2/eu'],
    [document({}, { servers: undefined }), { documentUrl: 'https://a.example/openapi.json' }, 'https://a.example'],
  ])('is found', (root, options, expected) => {
    expect(importing(root, options).base).toBe(expected);
  });

  it('is not for the document to say where secrets go, unless it comes from there', () => {
    const documentUrl = 'https://docs.example.com/openapi.json';
    for (const given of [{ secrets: ['a'] }, { headers: ['x'] }]) {
      expect(faultOf(document({}), { documentUrl, ...given })).toMatch(
        /another host than its own: if that is right, set baseUrl/,
      );
      expect(faultOf(document({}), { documentUrl, ...given, baseUrl: 'https://api.example.com/v1' })).toBe('');
      expect(faultOf(document({}), { documentUrl: 'https://api.example.com/o.json', ...given })).toBe('');
      expect(faultOf(document({}), given)).toBe(''); // a file of the operator's own
    }
    expect(faultOf(document({}), { documentUrl })).toBe('');
  });

  it('may differ between operations, within one host', () => {
    expect(only({ servers: [{ url: '/v9' }] }).plan?.base).toBe('https://api.example.com/v9');
    expect(only({ servers: [{ url: 'https://other.example' }] }).leftOut).toMatchObject([
      { name: 'test', reason: 'another host than that of the API' },
    ]);
  });
});

describe('names', () => {
  it('come from operation ids, or from method and path, and never twice', () => {
    const paths = {
      '/a': { get: { operationId: 'listPets', ...ok }, post: { operationId: 'list-pets', ...ok } },
      '/a/{petId}.json': { get: { parameters: [{ name: 'petId', in: 'path', required: true, schema: {} }], ...ok } },
      '/b': { get: { operationId: 'HTTPServer2Get/x', ...ok }, put: { operationId: '日本', ...ok } },
      'x-c': { get: {} },
    };
    const { tools, leftOut } = importing(document({}, { paths }));
    expect(tools.map(({ name }) => name)).toEqual([
      'list_pets',
      'post_a',
      'get_a_pet_id_json',
      'http_server2_get_x',
      'put_b',
    ]);
    expect(leftOut).toEqual([]);
  });

  it('are refused where even that is taken', () => {
    const paths = { '/a': { get: { operationId: 'post_b', ...ok } }, '/b': { post: ok }, '/B': { post: ok } };
    expect(importing(document({}, { paths })).leftOut).toEqual([
      { name: 'POST /b', reason: 'a name that another operation has', detail: '"post_b"' },
      { name: 'POST /B', reason: 'a name that another operation has', detail: '"post_b"' },
    ]);
  });
});

describe('arguments', () => {
  it('of the same name are told apart by their place', () => {
    const { schema, plan } = only({
      parameters: [
        query('id'),
        { name: 'id', in: 'header', schema: {} },
        { name: 'id', in: 'cookie', schema: {} },
        query('$top'),
        query('a[b]'),
      ],
      requestBody: json({ type: 'object', properties: { id: {}, x: {} } }),
    });
    expect(Object.keys(schema?.properties ?? {})).toEqual(['id', 'top', 'a_b', 'header_id', 'cookie_id', 'body']);
    expect(plan?.parameters.map(({ argument, place, name }) => [argument, place, name])).toEqual([
      ['id', 'query', 'id'],
      ['top', 'query', '$top'],
      ['a_b', 'query', 'a[b]'],
      ['header_id', 'header', 'id'],
      ['cookie_id', 'cookie', 'id'],
    ]);
  });

  it('of an operation beat those of its path', () => {
    const paths = {
      '/a': {
        parameters: [query('q', { type: 'integer' })],
        get: { parameters: [query('q', { type: 'boolean' })], ...ok },
      },
    };
    expect(importing(document({}, { paths })).tools[0]?.inputSchema.properties).toEqual({ q: { type: 'boolean' } });
  });

  it('leave out headers that others decide', () => {
    const header = (name: string, required = false) => ({ name, in: 'header', required, schema: {} });
    const parameters = ['Accept', 'Content-Type', 'Authorization', 'X-Key', 'Host', 'X-Fine'].map((name) =>
      header(name),
    );
    expect(Object.keys(only({ parameters }, {}, { headers: ['x-KEY'] }).schema?.properties ?? {})).toEqual(['X-Fine']);
    expect(only({ parameters: [header('Host', true)] }).leftOut).toMatchObject([
      { reason: 'a header that callers may not decide' },
    ]);
  });

  it('are the fields of a plain body, its parts put together', () => {
    const { schema, plan } = only(
      {
        requestBody: json({
          allOf: [
            { $ref: '#/components/schemas/Base' },
            { type: 'object', required: ['b'], properties: { b: { type: 'string' } } },
          ],
          anyOf: [{ required: ['a'] }, { required: ['b'] }],
        }),
      },
      {
        components: {
          schemas: {
            Base: { type: 'object', required: ['a'], properties: { a: { type: 'integer' }, r: { readOnly: true } } },
          },
        },
      },
    );
    expect(schema).toEqual({
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'string' } },
      required: ['a', 'b'],
      additionalProperties: false,
    });
    expect(plan?.body).toEqual({
      kind: 'json',
      contentType: 'application/json',
      required: true,
      fields: [
        { argument: 'a', name: 'a' },
        { argument: 'b', name: 'b' },
      ],
    });
  });

  it.each([
    ['a list', { type: 'array', items: {} }],
    ['free fields', { type: 'object', properties: { a: {} }, additionalProperties: { type: 'string' } }],
    ['no known field', { type: 'object' }],
    [
      'alternatives',
      {
        oneOf: [
          { type: 'object', properties: { a: {} } },
          { type: 'object', properties: { b: {} } },
        ],
      },
    ],
    ['anything', {}],
  ])('are one body where it holds %s', (_, body) => {
    const { schema, plan } = only({ parameters: [query('body')], requestBody: json(body) });
    expect(Object.keys(schema?.properties ?? {})).toEqual(['body', 'request_body']);
    expect(plan?.body?.argument).toBe('request_body');
  });

  it('of a body that may be left out are needed once there is one of them', () => {
    const body = { type: 'object', required: ['a'], properties: { a: {}, b: {} } };
    expect(only({ requestBody: json(body, false) }).schema).toEqual({
      type: 'object',
      properties: { a: {}, b: {} },
      dependentRequired: { a: [], b: ['a'] },
      additionalProperties: false,
    });
  });

  it('with a name that cannot be avoided leave the operation out', () => {
    const parameters = [query('a'), query('a!'), { name: 'query_a', in: 'cookie', schema: {} }];
    expect(only({ parameters: [query('query_a'), ...parameters] }).leftOut).toMatchObject([
      { reason: 'two arguments of the same name' },
    ]);
  });

  it.each([
    [{ in: 'query', schema: {} }, 'a parameter without a name'],
    [{ name: 'a', in: 'body', schema: {} }, 'a parameter in a place that is not known'],
    [query('a', {}, { style: 'matrix' }), 'a parameter of a style that cannot be sent'],
    [{ name: 'a', in: 'query', content: { 'text/csv': {} } }, 'a parameter of a kind that cannot be sent'],
  ])('%j leaves the operation out', (parameter, reason) => {
    expect(only({ parameters: [parameter] }).leftOut).toMatchObject([{ name: 'test', reason }]);
  });

  it('of a path must be described', () => {
    const paths = { '/a/{b}': { get: ok }, '/c#d': { get: ok } };
    expect(importing(document({}, { paths })).leftOut).toMatchObject([
      { name: '/c#d', reason: 'a path that cannot be called' },
      { name: 'GET /a/{b}', reason: 'a path with a part that is not described', detail: '"b"' },
    ]);
  });

  it('prefer the kind of body that is best understood', () => {
    const kind = (...types: string[]) => {
      const content = Object.fromEntries(
        types.map((type) => [type, { schema: { type: 'object', properties: { a: {} } } }]),
      );
      return only({ requestBody: { content } }).plan?.body;
    };
    expect(kind('multipart/form-data', 'application/vnd.x+json; v=1')).toMatchObject({
      kind: 'json',
      contentType: 'application/vnd.x+json; v=1',
    });
    expect(kind('multipart/form-data', 'application/x-www-form-urlencoded')).toMatchObject({ kind: 'form' });
    expect(kind('*/*')).toMatchObject({ kind: 'json', contentType: 'application/json' });
    expect(kind('application/octet-stream')).toMatchObject({ kind: 'binary', argument: 'body' });
    expect(only({ requestBody: { content: { 'text/xml': {} } } }).leftOut).toMatchObject([{ detail: '"text/xml"' }]);
    expect(only({ requestBody: {} }).leftOut).toMatchObject([{ reason: 'a body that is not described' }]);
  });

  it('hold bytes as base64', () => {
    const schema = {
      type: 'object',
      properties: {
        one: { type: 'string', format: 'binary', description: 'A file' },
        many: { type: 'array', items: { contentMediaType: 'image/png' } },
      },
    };
    const { schema: made, plan } = only({ requestBody: { content: { 'multipart/form-data': { schema } } } });
    expect(made?.properties).toEqual({
      one: { type: 'string', contentEncoding: 'base64', description: 'A file (as base64)' },
      many: { type: 'array', items: { type: 'string', contentEncoding: 'base64', description: '(as base64)' } },
    });
    expect(plan?.body?.encoding).toMatchObject({ one: { binary: true }, many: { binary: true } });
  });
});

describe('secrets', () => {
  const components = {
    securitySchemes: {
      bearer: { type: 'http', scheme: 'Bearer' },
      basic: { type: 'http', scheme: 'basic' },
      custom: { type: 'http', scheme: 'hoba' },
      query: { type: 'apiKey', in: 'query', name: 'k' },
      header: { type: 'apiKey', in: 'header', name: 'X-Key' },
      cookie: { type: 'apiKey', in: 'cookie', name: 'c' },
      oauth: { $ref: '#/components/securitySchemes/oauth2' },
      oauth2: { type: 'oauth2', flows: {} },
      oidc: { type: 'openIdConnect' },
      cert: { type: 'mutualTLS' },
      odd: { type: 'apiKey', in: 'body', name: 'k' },
    },
  };
  const planned = (security: unknown, secrets: string[], headers: string[] = []) => {
    const { plan, leftOut } = only(
      { ...(security === undefined ? {} : { security }) },
      { components },
      { secrets, headers },
    );
    return plan
      ? plan.secrets.map(({ scheme, place, name, format }) => `${scheme} ${place} ${name} ${format}`)
      : leftOut[0]?.detail;
  };

  it.each([
    [[{ bearer: [] }], ['bearer'], ['bearer header authorization bearer']],
    [[{ basic: [] }], ['basic'], ['basic header authorization basic']],
    [[{ custom: [] }], ['custom'], ['custom header authorization plain']],
    [[{ query: [] }], ['query'], ['query query k plain']],
    [[{ header: [] }], ['header'], ['header header x-key plain']],
    [[{ cookie: [] }], ['cookie'], ['cookie cookie c plain']],
    [[{ oauth: ['scope'] }], ['oauth'], ['oauth header authorization bearer']],
    [[{ oidc: [] }], ['oidc'], ['oidc header authorization bearer']],
    [[{ query: [], header: [] }], ['query', 'header'], ['query query k plain', 'header header x-key plain']],
    [[{ cert: [] }, { bearer: [] }], ['bearer'], ['bearer header authorization bearer']],
    [[{}, { bearer: [] }], ['bearer'], ['bearer header authorization bearer']],
    [[{}, { bearer: [] }], [], []],
    [[], ['bearer'], []],
    [undefined, ['bearer', 'query'], ['bearer header authorization bearer', 'query query k plain']],
    [[{ bearer: [] }], [], 'it needs "bearer" under secrets'],
    [[{ query: [], header: [] }, { bearer: [] }], ['query'], 'it needs "header", or "bearer" under secrets'],
    [[{ cert: [] }], ['cert'], 'it needs "cert", which is of no kind that is known under secrets'],
    [[{ odd: [] }], ['odd'], 'it needs "odd", which is of no kind that is known under secrets'],
    [[{ gone: [] }], ['gone'], 'it needs "gone", which is of no kind that is known under secrets'],
  ])('for %j with %j go to %j', (security, secrets, expected) => {
    expect(planned(security, secrets)).toEqual(expected);
  });

  it('are not needed where the settings send the header themselves', () => {
    expect(planned([{ bearer: [] }], [], ['Authorization'])).toEqual([]);
    expect(planned([{ header: [] }], [], ['x-key'])).toEqual([]);
  });

  it('are no arguments as well, where a document names the same place twice', () => {
    const parameters = [
      query('k'),
      query('K'),
      { name: 'X-KEY', in: 'header', schema: {} },
      { name: 'c', in: 'cookie', schema: {} },
    ];
    const { schema } = only({ parameters }, { components }, { secrets: ['query', 'header', 'cookie'] });
    expect(Object.keys(schema?.properties ?? {})).toEqual(['K']);
  });

  it('of an unknown name are told', () => {
    expect(only({}, { components }, { secrets: ['baerer'] }).leftOut).toEqual([
      { name: 'secrets.baerer', reason: 'a secret that the document does not ask for' },
    ]);
  });
});

it('a tool says what it does by its method, and when it is deprecated', () => {
  const paths = {
    '/a': Object.fromEntries(
      ['get', 'head', 'put', 'post', 'patch', 'delete'].map((method) => [
        method,
        { ...ok, deprecated: method === 'put' },
      ]),
    ),
  };
  const { tools } = importing(document({}, { paths }), { destructive: ['PUT', 'DELETE'] });
  const hints = Object.fromEntries(
    tools.map(({ name, annotations = {} }) => [
      name,
      [annotations.readOnlyHint, annotations.destructiveHint ?? false, annotations.idempotentHint],
    ]),
  );
  expect(hints).toEqual({
    get_a: [true, false, true],
    head_a: [true, false, true],
    put_a: [false, true, true],
    post_a: [false, false, false],
    patch_a: [false, false, false],
    delete_a: [false, true, true],
  });
  expect(tools.map(({ description }) => description)).toContain('Deprecated. PUT /a');
});
