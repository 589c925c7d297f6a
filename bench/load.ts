import { type Agent, request } from 'node:http';
import { Client } from 'undici';
import { percentile } from './figures.ts';

export interface Shot {
  method?: string;
  headers?: Record<string, string>;
  /** A function makes a new one for each request. */
  body?: string | (() => string);
}

export interface Volley {
  p50: number;
  p99: number;
  perSecond: number;
  /** What was not answered with 200, by status or error code. */
  others: Record<string, number>;
}

/**
 * Sends one request after the other on each of `connections` for `forMs`. The first answers, which warm up, count too.
 * An answer without the text `wanted` counts among the others.
 */
export async function drive(url: string, shot: Shot, connections: number, forMs: number, wanted = ''): Promise<Volley> {
  const { origin, pathname } = new URL(url);
  const latencies: number[] = [];
  const others: Record<string, number> = {};
  const startedAt = performance.now();
  const worker = async () => {
    // A client of its own for each connection, and one that costs little: it shares the machine with what it measures.
    const client = new Client(origin, { headersTimeout: answerLimitMs, bodyTimeout: answerLimitMs });
    while (performance.now() - startedAt < forMs) {
      const sentAt = performance.now();
      const status = await exchange(client, pathname, shot, wanted).catch(
        (error: NodeJS.ErrnoException) => error.code ?? error.message,
      );
      latencies.push(performance.now() - sentAt);
      if (status !== 200) others[status] = (others[status] ?? 0) + 1;
    }
    await client.destroy();
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    perSecond: latencies.length / seconds,
    others,
  };
}

async function exchange(
  client: Client,
  path: string,
  { method = 'POST', headers = {}, body }: Shot,
  wanted: string,
): Promise<number | string> {
  const answer = await client.request({
    path,
    method: method as 'POST',
    headers,
    body: typeof body === 'function' ? body() : (body ?? null),
  });
  const text = await answer.body.text();
  return text.includes(wanted) ? answer.statusCode : 'another answer';
}

const answerLimitMs = 10_000;

/** One request, its whole answer awaited. */
export function send(
  url: string,
  { method = 'POST', headers = {}, body: given }: Shot,
  agent?: Agent,
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; text: string }> {
  const body = typeof given === 'function' ? given() : given;
  return new Promise((resolve, reject) => {
    const length: Record<string, string> = body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` };
    const outgoing = request(url, { method, agent, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    outgoing.setTimeout(answerLimitMs, () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
