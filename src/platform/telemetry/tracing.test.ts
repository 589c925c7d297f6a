import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-node';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defineError } from '../../kernel/errors.ts';
import { parseJson } from '../../kernel/json.ts';
import { createTracing, type Tracing } from './tracing.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

function memoryTracing() {
  const exporter = new InMemorySpanExporter();
  const tracing = createTracing({ exporter });
  onTestFinished(() => tracing.stop());
  const finished = async () => {
    await tracing.flush();
    return exporter.getFinishedSpans();
  };
  return { tracing, finished };
}

interface SentSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
}

/** A collector: takes OTLP over HTTP as JSON and keeps the spans. */
async function collector({ failures = 0, status = 503 } = {}) {
  const spans: SentSpan[] = [];
  let refusals = failures;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (refusals-- > 0) return void response.writeHead(status, { 'retry-after': '0' }).end();
    const raw = Buffer.concat(chunks);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
    const body = parseJson(text) as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] };
    if (request.url === '/v1/traces') {
      spans.push(...body.resourceSpans.flatMap((part) => part.scopeSpans.flatMap((scope) => scope.spans)));
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { spans, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const stages = 'resolve validate authorize limit budget guardIn approve cache dispatch guardOut settle record'.split(
  ' ',
);

async function simulateCall(tracing: Tracing): Promise<void> {
  await tracing.span('tools/call files.read', { kind: 'server' }, async (call) => {
    for (const stage of stages) {
      await tracing.span(stage, { parent: call, attributes: { 'fairlead.stage': stage } }, async () => {});
    }
  });
}

describe('tracing', () => {
  it('makes spans with kind, parent, attributes and events [SP-18]', async () => {
    const { tracing, finished } = memoryTracing();
    await tracing.span(
      'tools/call files.read',
      { kind: 'server', attributes: { 'gen_ai.tool.name': 'files.read', skipped: undefined } },
      async (call) => {
        await tracing.span('dispatch', { parent: call, kind: 'client' }, async (stage) => {
          stage.set({ 'fairlead.upstream': 'files', tags: ['a', 'b'] });
          stage.event('retry', { attempt: 2 });
        });
      },
    );
    const [dispatch, call] = await finished();
    expect(dispatch).toMatchObject({
      name: 'dispatch',
      kind: SpanKind.CLIENT,
      attributes: { 'fairlead.upstream': 'files', tags: ['a', 'b'] },
      events: [{ name: 'retry', attributes: { attempt: 2 } }],
      parentSpanContext: { spanId: call?.spanContext().spanId, traceId: call?.spanContext().traceId },
    });
    expect(call).toMatchObject({ kind: SpanKind.SERVER, attributes: { 'gen_ai.tool.name': 'files.read' } });
    expect(Object.keys(call?.attributes ?? {})).toEqual(['gen_ai.tool.name']);
    expect(call?.resource.attributes['service.name']).toBe('fairlead');
  });

  it('goes on from the context in _meta and passes it on [SP-18]', async () => {
    const { tracing, finished } = memoryTracing();
    const caller = tracing.extract({ traceparent, tracestate: 'vendor=1', baggage: 'team=blue', progressToken: 3 });
    expect(caller?.traceId).toBe(traceId);
    const outgoing = await tracing.span('call', caller ? { parent: caller } : {}, async (span) =>
      tracing.span('dispatch', { parent: span }, async (inner) => tracing.inject(inner)),
    );
    const [dispatch, call] = await finished();
    expect(call?.parentSpanContext).toMatchObject({ traceId, spanId: '00f067aa0ba902b7', isRemote: true });
    expect(outgoing).toEqual({
      traceparent: `00-${traceId}-${dispatch?.spanContext().spanId}-01`,
      tracestate: 'vendor=1',
      baggage: 'team=blue',
    });
  });

  it('records nothing of a trace that its caller does not record [SP-18]', async () => {
    const { tracing, finished } = memoryTracing();
    const parent = tracing.extract({ traceparent: traceparent.replace(/01$/, '00') });
    const outgoing = await tracing.span('call', parent ? { parent } : {}, async (span) => tracing.inject(span));
    expect(await finished()).toEqual([]);
    expect(outgoing.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  });

  it('ignores what is malformed [SP-18]', () => {
    const { tracing } = memoryTracing();
    const bad: unknown[] = [
      '',
      5,
      null,
      {},
      `00-${traceId}-00f067aa0ba902b7`,
      `00-${traceId}-00f067aa0ba902b7-01-extra`,
      `ff-${traceId}-00f067aa0ba902b7-01`,
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `00-${traceId}-${'0'.repeat(16)}-01`,
      `00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`,
      ` ${traceparent}\r\nx: y`,
    ];
    for (const value of bad)
      expect(tracing.extract({ traceparent: value, tracestate: 'a=1' }), String(value)).toBeUndefined();
    expect(tracing.inject(tracing.extract({ traceparent, tracestate: 5, baggage: 'a=1\r\nx: y' }))).toEqual({
      traceparent,
    });
    expect(tracing.inject(tracing.extract({ traceparent, baggage: 'x'.repeat(9_000) }))).toEqual({ traceparent });
    expect(tracing.inject(tracing.extract({ traceparent: 'bad', baggage: 'a=1' }))).toEqual({ baggage: 'a=1' });
    expect(tracing.extract(undefined)).toBeUndefined();
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('traceparent', 'tracestate', 'baggage'), fc.anything()), (carrier) => {
        const outgoing = tracing.inject(tracing.extract(carrier));
        for (const value of Object.values(outgoing)) expect(value).toMatch(/^[\x20-\x7e]+$/);
      }),
    );
  });

  it('ends a span with its status when the work fails, and throws on [SP-18]', async () => {
    const { tracing, finished } = memoryTracing();
    const Spent = defineError('SPENT', {
      status: 429,
      category: 'rate_limit',
      retryable: true,
      message: 'm',
      action: 'a',
    });
    await expect(tracing.span('typed', {}, () => Promise.reject(Spent()))).rejects.toSatisfy(Spent.is);
    await expect(
      tracing.span('plain', {}, () => Promise.reject(new TypeError('password=hunter2 x'))),
    ).rejects.toThrow();
    await expect(
      tracing.span('told', {}, async (span) => {
        span.fail('tool_error', 'the tool said no');
        throw new Error('later');
      }),
    ).rejects.toThrow('later');
    await tracing.span('fine', {}, async () => {});
    const spans = await finished();
    expect(spans.map(({ name, attributes, status }) => [name, attributes['error.type'], status.code])).toEqual([
      ['typed', 'SPENT', SpanStatusCode.ERROR],
      ['plain', 'TypeError', SpanStatusCode.ERROR],
      ['told', 'tool_error', SpanStatusCode.ERROR],
      ['fine', undefined, SpanStatusCode.UNSET],
    ]);
    expect(spans[1]?.status.message).toBe('password=[redacted] x');
  });

  it('lets no secret into a span [SP-18]', async () => {
    const { tracing, finished } = memoryTracing();
    const secret = 'Zx9secretZx9secretZx9';
    const span = tracing.start('x', { attributes: { 'mcp.resource.uri': `db://u:${secret}@h/x`, apiKey: secret } });
    span.set({ list: [`Bearer ${secret}`] });
    span.event('e', { text: `token=${secret}` });
    span.end();
    span.end();
    const spans = await finished();
    expect(spans).toHaveLength(1);
    const { attributes, events, status } = spans[0] ?? {};
    expect(JSON.stringify({ attributes, events, status })).not.toContain(secret);
  });

  it('sends every span of 2,000 calls to a collector [SP-18]', async () => {
    const { spans, endpoint } = await collector();
    const tracing = createTracing({ otlpEndpoint: `${endpoint}/`, stopTimeoutMs: 60_000 });
    for (let i = 0; i < 2_000; i++) await simulateCall(tracing);
    await tracing.stop();
    const expected = 2_000 * (stages.length + 1);
    expect(new Set(spans.map((span) => span.spanId)).size).toBeGreaterThanOrEqual(expected * 0.999);
    expect(spans.length).toBeLessThanOrEqual(expected);
    expect(spans.filter((span) => span.parentSpanId === undefined)).toHaveLength(2_000);
  });

  it('sends again what a collector refused for a while [SP-18]', async () => {
    const { spans, endpoint } = await collector({ failures: 2 });
    const tracing = createTracing({ otlpEndpoint: endpoint });
    for (let i = 0; i < 100; i++) await simulateCall(tracing);
    await tracing.stop();
    expect(new Set(spans.map((span) => span.spanId)).size).toBe(100 * (stages.length + 1));
  });

  it('tells how many spans were lost [SP-18]', async () => {
    const { endpoint } = await collector({ failures: Number.POSITIVE_INFINITY, status: 400 });
    const lost: number[] = [];
    const tracing = createTracing({ otlpEndpoint: endpoint, onLost: (spans) => void lost.push(spans) });
    await simulateCall(tracing);
    await tracing.flush();
    expect(lost).toEqual([stages.length + 1]);
    await tracing.stop();
  });

  it('stops in time and without an error when the collector is gone [SP-18]', async () => {
    const tracing = createTracing({ otlpEndpoint: 'http://127.0.0.1:9', stopTimeoutMs: 200 });
    await simulateCall(tracing);
    const started = performance.now();
    const first = tracing.stop();
    expect(tracing.stop()).toBe(first);
    await first;
    expect(performance.now() - started).toBeLessThan(5_000); // the exporter alone tries for ten seconds
  });

  it('costs next to nothing where spans go nowhere, and still hands the context on [SP-18]', async () => {
    const tracing = createTracing();
    expect(tracing.enabled).toBe(false);
    const caller = tracing.extract({ traceparent, tracestate: 'a=1', baggage: 'b=2' });
    const seen = await tracing.span('call', caller ? { parent: caller } : {}, async (span) => {
      span.set({ a: 1 });
      span.event('e');
      span.fail('x');
      return { id: span.traceId, out: tracing.inject(tracing.start('inner', { parent: span })) };
    });
    expect(seen).toEqual({ id: traceId, out: { traceparent, tracestate: 'a=1', baggage: 'b=2' } });
    expect(await tracing.span('call', {}, async (span) => span.traceId)).toBeUndefined();
    expect(tracing.inject(undefined)).toEqual({});
    // One and the same object: no span is ever made.
    expect(tracing.start('a')).toBe(tracing.start('b'));
  });
});
