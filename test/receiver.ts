import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';

/** What somebody posted. */
export interface Posted {
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface Receiver {
  url: string;
  posted: Posted[];
  /** What is answered below a path from now on: the first of these to the first request, the last one to all the rest. */
  answer(path: string, ...answers: Answer[]): void;
  /** Resolves when so many were posted below a path; with them. */
  got(path: string, count?: number): Promise<Posted[]>;
  stop(): Promise<void>;
}

/** Nothing is answered by `hang`. */
export type Answer = number | 'hang' | { status: number; headers: Record<string, string> };

/** Somebody who takes webhooks, on loopback: what it is sent it keeps, and it answers 204 unless told otherwise. */
export async function startReceiver(tls?: { key: string; cert: string }): Promise<Receiver> {
  const posted: Posted[] = [];
  const answers = new Map<string, Answer[]>();
  const listener: RequestListener = async (request, response) => {
    const path = request.url ?? '';
    const body = await textOf(request);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const left = answers.get(path) ?? [204];
    const answer = (left.length > 1 ? left.shift() : left[0]) ?? 204;
    posted.push({ path, headers, body });
    if (answer === 'hang') return;
    const { status, headers: more } = typeof answer === 'number' ? { status: answer, headers: {} } : answer;
    response.writeHead(status, more).end();
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = (path: string) => posted.filter((one) => one.path === path);
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted,
    answer: (path, ...all) => void answers.set(path, all),
    async got(path, count = 1) {
      await expect.poll(() => at(path).length, { timeout: 60_000, interval: 20 }).toBeGreaterThanOrEqual(count);
      return at(path);
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
