import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { caller, closeCallers, textOf } from '../clients.ts';
import { type HttpFixture, serveHttpFixture } from '../fixtures/servers/http.ts';
import { databaseFor } from '../harness.ts';
import { type Served, serve } from '../served.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await closeCallers();
  for (const step of undo.splice(0).reverse()) await step();
});

/** A server in a process of its own before an upstream in this one. */
async function world(drainMs: number): Promise<{ server: Served; upstream: HttpFixture }> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-drain-'));
  undo.push(async () => rmSync(folder, { recursive: true, force: true }));
  const database = await databaseFor(join(folder, 'data'));
  undo.push(database.drop);
  const upstream = await serveHttpFixture('both');
  undo.push(upstream.stop);
  const server = await serve({
    dataDir: join(folder, 'data'),
    config: { server: { drainMs }, upstreams: { web: { url: upstream.url, startTimeoutMs: 20_000 } } },
    env: database.env,
  });
  undo.push(server.stop);
  await server.ready();
  return { server, upstream };
}

const sleepers = ({ state }: HttpFixture) => state.called.filter((name) => name === 'sleep').length;
const sleep = (server: Served, ms: number) =>
  server.request('/api/v1/tools/web.sleep/call', { json: { arguments: { ms } } });

/** What a new call is told; a closed door counts as a refusal too. */
async function newCall(server: Served, path: string, json: unknown): Promise<unknown> {
  try {
    const { status, headers } = await server.request(path, {
      json,
      headers: { accept: 'application/json, text/event-stream' },
    });
    return { status, retryAfter: Number(headers.get('retry-after')) > 0 };
  } catch {
    return { status: 503, retryAfter: true };
  }
}

describe('a server that is told to stop', () => {
  it('lets running calls of every surface finish, refuses new ones and ends with 0 [SP-19]', async () => {
    const { server, upstream } = await world(20_000);
    const clients = await Promise.all((['sessions', 'modern'] as const).map((era) => caller(server, era)));
    const running = clients.map((client) => client.callTool({ name: 'web_sleep', arguments: { ms: 3_000 } }));
    const byRest = sleep(server, 3_000);
    await expect.poll(() => sleepers(upstream), { timeout: 10_000 }).toBe(3);

    server.kill('SIGTERM');
    await pause(500);
    const refused = { status: 503, retryAfter: true };
    const rpc = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} };
    expect(await newCall(server, '/api/v1/tools/web.echo/call', { arguments: {} })).toEqual(refused);
    expect(await newCall(server, '/mcp', rpc)).toEqual(refused);
    expect(upstream.state.called).not.toContain('echo');

    for (const result of await Promise.all(running)) expect(textOf(result)).toBe('slept');
    expect(await (await byRest).json()).toMatchObject({ outcome: 'ok' });
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(server.errors()).toBe('');
  });

  it('cuts a call that outlasts the time for it, says so, and still ends with 0 [SP-19]', async () => {
    const { server, upstream } = await world(1_000);
    const call = sleep(server, 60_000).then(async (response) => {
      const body = (await response.json()) as object;
      return { status: response.status, ...body };
    });
    const clients = await Promise.all((['sessions', 'modern'] as const).map((era) => caller(server, era)));
    const byMcp = clients.map((client) => client.callTool({ name: 'web_sleep', arguments: { ms: 60_000 } }));
    await expect.poll(() => sleepers(upstream), { timeout: 10_000 }).toBe(3);
    server.kill('SIGTERM');
    expect(await call).toMatchObject({ status: 502, outcome: 'failed', error: { code: 'CUT_OFF', retryable: true } });
    for (const result of await Promise.all(byMcp)) {
      expect(result._meta?.['dev.fairlead/error']).toMatchObject({ code: 'CUT_OFF' });
    }
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('takes a signal for one that its process group gets and its starter passes on [SP-19]', async () => {
    const { server, upstream } = await world(20_000);
    const call = sleep(server, 1_000);
    await expect.poll(() => sleepers(upstream), { timeout: 10_000 }).toBe(1);
    server.kill('SIGTERM');
    await pause(20);
    server.kill('SIGTERM');
    expect(await (await call).json()).toMatchObject({ outcome: 'ok' });
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('ends at once when it is told twice [SP-19]', async () => {
    const { server, upstream } = await world(60_000);
    const call = sleep(server, 60_000).catch((error: Error) => error);
    await expect.poll(() => sleepers(upstream), { timeout: 10_000 }).toBe(1);
    server.kill('SIGTERM');
    await pause(300);
    server.kill('SIGTERM');
    expect(await server.exited).toEqual({ code: 130, signal: null });
    expect(await call).toBeInstanceOf(Error);
  });
});
