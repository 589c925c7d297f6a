import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { caller, closeCallers, textOf } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';

let fairlead: Fairlead;
let schemas: { url: string; asked: string[]; stop(): Promise<void> };

const sum = {
  type: 'object',
  properties: { sum: { type: 'integer' }, parts: { type: 'array', items: { type: 'integer' } } },
  required: ['sum'],
};
const done = (structuredContent?: unknown, more = {}) => ({
  content: [{ type: 'text', text: 'done' }],
  ...(structuredContent === undefined ? {} : { structuredContent }),
  ...more,
});

beforeAll(async () => {
  schemas = await serveSchemas();
  fairlead = await startFairlead({
    config: {
      upstreams: {
        data: listedUpstream([
          { name: 'right', outputSchema: sum, result: done({ sum: 3, parts: [1, 2], more: null }) },
          { name: 'wrong', outputSchema: sum, result: done({ sum: 'hunter2-three' }) },
          { name: 'nothing', outputSchema: sum, result: done() },
          { name: 'sorry', outputSchema: sum, result: done(undefined, { isError: true }) },
          { name: 'loose', result: done({ anything: ['goes'] }) },
          {
            name: 'strict',
            inputSchema: {
              type: 'object',
              properties: {
                kind: { enum: ['a', 'b'] },
                amount: { type: 'integer', minimum: 1 },
                point: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'string' }], items: false },
                email: { type: 'string', format: 'email' },
              },
              dependentRequired: { amount: ['kind'] },
              unevaluatedProperties: false,
            },
          },
          { name: 'costly', inputSchema: { type: 'object', properties: { text: { pattern: '^(a+)+$' } } } },
          { name: 'far', inputSchema: { type: 'object', $ref: `${schemas.url}/in.json` } },
          {
            name: 'far_part',
            inputSchema: { type: 'object', properties: { a: { $ref: `${schemas.url}/part.json` } } },
          },
          { name: 'far_kind', inputSchema: { type: 'object', $schema: `${schemas.url}/meta.json` } },
          { name: 'far_out', outputSchema: { type: 'object', $ref: `${schemas.url}/out.json` }, result: done({}) },
          { name: 'file', inputSchema: { type: 'object', $ref: 'file:///etc/passwd' } },
          {
            name: 'near',
            inputSchema: {
              type: 'object',
              properties: { a: { $ref: '#/$defs/a' } },
              $defs: { a: { type: 'integer' } },
            },
          },
        ]),
      },
    },
  });
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  await schemas?.stop();
});

interface Ended {
  outcome: string;
  code?: string;
  message: string;
  result?: { structuredContent?: unknown };
  callId: string;
}

const ways = {
  async rest(tool: string, args: object = {}): Promise<Ended> {
    const response = await fairlead.request(`/api/v1/tools/data.${tool}/call`, { json: { arguments: args } });
    const { callId, outcome, result, error } = await response.json();
    const status = outcome === 'ok' || outcome === 'tool_error' ? 200 : outcome === 'invalid' ? 400 : 502;
    expect([tool, response.status]).toEqual([tool, status]);
    return { callId, outcome, code: error?.code, message: error?.message ?? '', result };
  },
  sessions: (tool: string, args?: object) => overMcp('sessions', tool, args),
  modern: (tool: string, args?: object) => overMcp('modern', tool, args),
};

async function overMcp(era: 'sessions' | 'modern', tool: string, args: object = {}): Promise<Ended> {
  const client = await caller(fairlead, era);
  const result = await client.callTool({ name: `data_${tool}`, arguments: args as Record<string, unknown> });
  const error = result._meta?.['dev.fairlead/error'] as { code: string; message: string; callId: string } | undefined;
  if (error) expect(textOf(result)).toContain(error.message);
  const callId = error?.callId ?? String(result._meta?.['dev.fairlead/callId']);
  const record = await (await fairlead.request(`/api/v1/audit/${callId}`)).json();
  return { callId, outcome: record.outcome, code: error?.code, message: error?.message ?? '', result };
}

describe.each(Object.entries(ways))('over %s', (_, call) => {
  it('structured content that keeps the output schema arrives as it was [SP-13]', async () => {
    expect(await call('right')).toMatchObject({
      outcome: 'ok',
      result: { structuredContent: { sum: 3, parts: [1, 2], more: null } },
    });
    expect(await call('loose')).toMatchObject({
      outcome: 'ok',
      result: { structuredContent: { anything: ['goes'] } },
    });
  });

  it('structured content that breaks the output schema, or is missing, ends the call as failed [SP-13]', async () => {
    const wrong = await call('wrong');
    expect(wrong).toMatchObject({ outcome: 'failed', code: 'OUTPUT_INVALID' });
    expect(wrong.message).toContain('sum');
    expect(wrong.message).not.toContain('hunter2');
    expect(wrong.result?.structuredContent).toBeUndefined();
    expect(await call('nothing')).toMatchObject({ outcome: 'failed', code: 'OUTPUT_INVALID' });
  });

  it('a tool that says it failed owes no structured content [SP-13]', async () => {
    expect(await call('sorry')).toMatchObject({ outcome: 'tool_error' });
  });

  it('arguments are held to all that 2020-12 can say, and every fault is named at once [SP-13]', async () => {
    expect(await call('strict', { kind: 'a', amount: 1, point: [1, 'x'] })).toMatchObject({ outcome: 'ok' });
    const invalid = await call('strict', { amount: 0, point: [1, 'x', 2], email: 'hunter2', more: 1 });
    expect(invalid).toMatchObject({ outcome: 'invalid', code: 'INVALID_ARGUMENTS' });
    for (const word of ['amount', 'kind', 'point', 'email', 'more']) expect(invalid.message).toContain(word);
    expect(invalid.message).not.toContain('hunter2');
  });

  it('a pattern that would run for ever is answered at once [SP-13]', async () => {
    expect(await call('costly', { text: `${'a'.repeat(60)}!` })).toMatchObject({ outcome: 'invalid' });
    expect(await call('costly', { text: 'a'.repeat(60) })).toMatchObject({ outcome: 'ok' });
  });

  it('a schema that points outside of itself is refused, and nobody is asked for it [SP-13]', async () => {
    for (const tool of ['far', 'far_part', 'file']) {
      const refused = await call(tool, { a: 1 });
      expect(refused).toMatchObject({ outcome: 'failed', code: 'UNUSABLE_SCHEMA' });
      expect(refused.message).toContain('outside');
    }
    expect(await call('far_out')).toMatchObject({ outcome: 'failed', code: 'OUTPUT_INVALID' });
    expect(await call('far_kind')).toMatchObject({ outcome: 'ok' }); // an unknown dialect is read as 2020-12
    expect(await call('near', { a: 'one' })).toMatchObject({ outcome: 'invalid' });
    expect(await call('near', { a: 1 })).toMatchObject({ outcome: 'ok' });
    expect(schemas.asked).toEqual([]);
  });
});

/** Where the schemas would be, if somebody asked. */
async function serveSchemas(): Promise<typeof schemas> {
  const asked: string[] = [];
  const http = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"type":"object"}');
  });
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    asked,
    stop: () => new Promise((resolve) => void http.close(() => resolve())),
  };
}
