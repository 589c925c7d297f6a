import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ImportFault } from '../../src/capabilities/upstreams/openapi/faults.ts';
import { importDocument } from '../../src/capabilities/upstreams/openapi/import.ts';
import { pruneDocument } from '../../src/capabilities/upstreams/openapi/prune.ts';
import { createSchemaChecks } from '../../src/gateway/schemas.ts';
import type { JsonObject } from '../../src/kernel/json.ts';
import type { ToolDefinition } from '../../src/kernel/tool.ts';

// Large documents, and hostile ones, against the schema compiler that calls go through.

const nothing = { secrets: [], headers: [], destructive: [] };

type Check = (name: string, schema: JsonObject) => void;

/** As the gateway does it, with a compiler for each schema: exact, and slow. */
const byGateway = (): Check => {
  const checks = createSchemaChecks();
  return (name, schema) => void checks.faults(name, schema, {});
};

/** One compiler for all, of the same kind. */
const together = (): Check => {
  const ajv = new Ajv2020({ strict: false, logger: false });
  formats.default(ajv, { mode: 'fast' });
  return (_, schema) => void ajv.compile(schema);
};

/** Why schemas of tools cannot be compiled; empty when they can. */
function faultsOf(tools: readonly ToolDefinition[], check: Check): string[] {
  return tools.flatMap(({ name, inputSchema, outputSchema }) =>
    [inputSchema, ...(outputSchema ? [outputSchema] : [])].flatMap((schema, index) => {
      try {
        check(`${name} ${index}`, schema);
        return [];
      } catch (error) {
        return [`${name}: ${error instanceof Error ? error.message : String(error)}`];
      }
    }),
  );
}

describe('the document of GitHub', () => {
  let text: string;
  beforeAll(() => {
    text = readFileSync(
      createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json'),
      'utf8',
    );
  });

  it('becomes a tool for each operation, or a reason, and every schema compiles [CA-3]', { timeout: 300_000 }, () => {
    const api = importDocument(text, { ...nothing, headers: ['authorization'] });
    expect(api.tools.length).toBeGreaterThan(1_100);
    expect(new Set(api.tools.map(({ name }) => name)).size).toBe(api.tools.length);
    expect(api.leftOut).toEqual([
      {
        name: 'repos/upload-release-asset',
        reason: 'another host than that of the API',
        detail: expect.stringContaining('uploads.github.com'),
      },
    ]);
    for (const { name } of api.tools) expect(name).toMatch(/^[a-z0-9_]{1,80}$/);
    for (const { name, inputSchema } of api.tools) {
      expect(JSON.stringify(inputSchema).length, name).toBeLessThan(32 * 1024);
      for (const argument of Object.keys(inputSchema.properties as JsonObject))
        expect(argument).toMatch(/^[\w.-]{1,64}$/);
    }
    expect(faultsOf(api.tools, together())).toEqual([]);
    const sample = api.tools.filter((_, index) => index % 40 === 0);
    expect(faultsOf(sample, byGateway())).toEqual([]);
  });

  it('is selected from by tag and operation, and pruned to what that needs [CA-3]', { timeout: 120_000 }, () => {
    const select = {
      tags: ['issues'],
      operations: ['pulls/list', 'GET /rate_limit'],
      exclude: { operations: ['*unlock'] },
    };
    const api = importDocument(text, { ...nothing, select });
    const names = api.tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['issues_create', 'pulls_list', 'rate_limit_get']));
    expect(names).toContain('issues_lock');
    expect(names).not.toContain('issues_unlock');
    expect(names.length).toBeLessThan(70);

    const pruned = JSON.stringify(pruneDocument(text, select));
    expect(pruned.length).toBeLessThan(text.length / 20);
    // What is excluded is not there any more, and matches nothing.
    const again = importDocument(pruned, { ...nothing, select: { tags: select.tags, operations: select.operations } });
    expect(again).toEqual(api);
  });
});

it('whatever stands where a schema should, what comes of it can be compiled [CA-3]', { timeout: 300_000 }, () => {
  const leaf = fc.constantFrom<unknown>(
    ...[
      null,
      true,
      false,
      -1,
      0,
      1.5,
      3,
      '',
      'string',
      'object',
      'array',
      'null',
      'date-time',
      '(',
      '^a(?=b)',
      '[\\w-.]',
    ],
    ...[{ $ref: '#/components/schemas/A' }, { $ref: '#/components/schemas/B' }, { $ref: '#/nowhere' }, { $ref: 'x' }],
  );
  const keyword = fc.constantFrom(
    ...[
      'type',
      'nullable',
      'enum',
      'const',
      'format',
      'pattern',
      'minimum',
      'exclusiveMinimum',
      'multipleOf',
      'required',
    ],
    ...['properties', 'items', 'prefixItems', 'additionalProperties', 'patternProperties', 'propertyNames', 'minItems'],
    ...[
      'allOf',
      'anyOf',
      'oneOf',
      'not',
      'if',
      'then',
      'dependentRequired',
      'dependentSchemas',
      'uniqueItems',
      'title',
    ],
    ...[
      'description',
      'default',
      'example',
      'examples',
      'readOnly',
      'contains',
      'maxLength',
      '$ref',
      '$id',
      'unevaluatedItems',
    ],
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keyword, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const version = fc.constantFrom('3.0.3', '3.1.0');
  fc.assert(
    fc.property(version, value, value, value, (openapi, schema, a, b) => {
      const body = { content: { 'application/json': { schema } } };
      const parameters = [{ name: 'p', in: 'query', schema: a }];
      const operation = {
        operationId: 'x',
        parameters,
        requestBody: body,
        responses: { 200: { description: '', ...body } },
      };
      const components = { schemas: { A: a, B: b } };
      const document = {
        openapi,
        paths: { '/x': { post: operation } },
        servers: [{ url: 'https://a.example' }],
        components,
      };
      const api = importDocument(JSON.stringify(document), nothing);
      expect(api.tools.length + api.leftOut.length).toBe(1);
      expect(faultsOf(api.tools, byGateway())).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

it('whatever stands anywhere in a document, it is imported or refused, and nothing else happens [CA-3]', {
  timeout: 300_000,
}, () => {
  const document = {
    openapi: '3.1.0',
    info: { title: 't', version: '1' },
    servers: [{ url: '/{v}', variables: { v: { default: '1' } } }],
    security: [{ s: [] }],
    paths: {
      '/a/{id}': {
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        put: {
          operationId: 'a',
          tags: ['t'],
          summary: 's',
          parameters: [{ name: 'q', in: 'query', style: 'form', content: { 'application/json': { schema: {} } } }],
          requestBody: {
            required: true,
            content: { 'multipart/form-data': { schema: {}, encoding: { f: { style: 'form' } } } },
          },
          responses: { 200: { description: '', content: { 'application/json': { schema: { type: 'object' } } } } },
        },
      },
    },
    components: { securitySchemes: { s: { type: 'apiKey', in: 'query', name: 'k' } } },
  };
  const places: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]) => {
    places.push(path);
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value))
        walk(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  walk(document, []);
  for (const path of places) {
    for (const odd of [null, 0, 'x', [null], {}, { a: null }, { $ref: '#' }]) {
      const text = JSON.stringify(path.length === 0 ? odd : replaced(document, path, odd));
      try {
        const api = importDocument(text, { ...nothing, secrets: ['s'], baseUrl: 'https://a.example' });
        expect(faultsOf(api.tools, together()), `${path.join('.')} = ${JSON.stringify(odd)}`).toEqual([]);
      } catch (error) {
        expect(error, `${path.join('.')} = ${JSON.stringify(odd)}`).toBeInstanceOf(ImportFault);
      }
    }
  }
});

function replaced(value: unknown, [step, ...rest]: (string | number)[], by: unknown): unknown {
  if (step === undefined) return by;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[step] = replaced(copy[step], rest, by);
  return copy;
}
