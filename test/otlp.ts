import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  /** Nanoseconds since the epoch. */
  startedAt: bigint;
  attributes: Record<string, string>;
  failed: boolean;
}

/** A collector of traces on loopback, as OTLP over HTTP has it. */
export interface OtlpSink {
  url: string;
  spans: SeenSpan[];
  /** Every body as it came. */
  bodies: string[];
  /** The stages of a call in the order in which they began; undefined until its own span is here. */
  stagesOf(callId: string): string[] | undefined;
  stop(): Promise<void>;
}

interface Sent {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
  status?: { code?: number };
}

export async function serveOtlp(): Promise<OtlpSink> {
  const spans: SeenSpan[] = [];
  const bodies: string[] = [];
  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    bodies.push(body);
    if (request.url === '/v1/traces') spans.push(...spansIn(body));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    spans,
    bodies,
    stagesOf(callId) {
      const root = spans.find(({ attributes }) => attributes['fairlead.call.id'] === callId);
      if (!root) return undefined;
      return spans
        .filter(({ parentSpanId, attributes }) => parentSpanId === root.spanId && attributes['fairlead.stage'])
        .sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0))
        .map(({ name }) => name);
    },
    async stop() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function spansIn(body: string): SeenSpan[] {
  const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Sent[] }[] }[] };
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId, startTimeUnixNano, attributes, status }) => ({
        name,
        traceId,
        spanId,
        ...(parentSpanId ? { parentSpanId } : {}),
        startedAt: BigInt(startTimeUnixNano),
        attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])])),
        failed: status?.code === 2,
      })),
    ),
  );
}
