import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { caller, closeCallers } from '../clients.ts';
import { serveHttpFixture } from '../fixtures/servers/http.ts';
import { databaseFor, fixtureUpstream } from '../harness.ts';
import { type Served, serve } from '../served.ts';

/** What the server held at one moment. */
export interface Sample {
  heapMiB: number;
  handles: number;
  children: number;
  /** Sessions and streams. */
  connections: number;
}

export interface SoakReport {
  samples: Sample[];
  /** Once nobody had called for longer than an idle session lives. */
  afterwards: Sample;
  /** Answers by kind of request. */
  done: Record<string, number>;
}

export const sessionsPerPrincipal = 40;
const idleMs = 3_000;
const samplesInAll = 20;

/** Mixed load for `forMs`: sessions that nobody closes, streams that nobody reads, upstreams that crash, lists that change. */
export async function soak(forMs: number): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-soak-'));
  const dataDir = join(folder, 'data');
  const database = await databaseFor(dataDir);
  const web = await serveHttpFixture('both');
  const server = await serve({
    dataDir,
    env: database.env,
    nodeFlags: collectOnSignal,
    config: {
      sessions: { idleMs, maxPerPrincipal: sessionsPerPrincipal },
      upstreams: {
        web: { url: web.url },
        pipe: fixtureUpstream('legacy'),
        frail: fixtureUpstream('legacy'),
      },
    },
  });
  try {
    await server.ready();
    const done: Record<string, number> = {};
    const samples: Sample[] = [];
    const until = Date.now() + forMs;
    const again = async (what: string, everyMs: number, act: () => Promise<unknown>) => {
      while (Date.now() < until) {
        const went = await act().then(
          () => true,
          () => false,
        );
        const name = went ? what : `${what}, refused`;
        done[name] = (done[name] ?? 0) + 1;
        web.requests.length = 0; // the fixture remembers all it was asked
        web.state.called.length = 0;
        await pause(everyMs);
      }
    };
    const clients = await Promise.all((['sessions', 'modern'] as const).map((era) => caller(server, era)));
    await Promise.all([
      ...clients.flatMap((client, n) => [
        again(`call ${n}`, 10, () => client.callTool({ name: 'web_write', arguments: { text: randomUUID() } })),
        again(`list ${n}`, 50, () => client.listTools(undefined, { cacheMode: 'bypass' })),
      ]),
      again('call by REST', 10, () => call(server, 'pipe.echo')),
      again('huge result', 500, () => call(server, 'pipe.huge', { bytes: 200_000 })),
      again('open session', 30, () => openSession(server)),
      again('leave a call', 200, () => leave(server, '/api/v1/tools/web.sleep/call', { arguments: { ms: 60_000 } })),
      again('leave a stream', 300, () => leaveStream(server)),
      again('change a list', 1_000, () => changeList(web.state)),
      again('touch a resource', 200, () => call(server, 'web.touch')),
      again('crash', 2_000, () => call(server, 'frail.crash')),
      again('forget sessions upstream', 5_000, async () => web.forgetSessions()),
      (async () => {
        while (Date.now() < until) {
          await pause(forMs / samplesInAll);
          samples.push(await sampleOf(server));
        }
      })(),
    ]);
    await closeCallers();
    await pause(idleMs + 4_000);
    return { samples, afterwards: await sampleOf(server), done };
  } finally {
    await closeCallers();
    await server.stop();
    await web.stop();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function call(server: Served, tool: string, args: object = {}): Promise<void> {
  const response = await server.request(`/api/v1/tools/${tool}/call`, { json: { arguments: args } });
  await response.text();
  if (!response.ok) throw new Error(`${response.status}`);
}

const accept = { accept: 'application/json, text/event-stream' };

async function openSession(server: Served): Promise<string> {
  const response = await server.request('/mcp', {
    headers: accept,
    json: {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'soak', version: '1' } },
    },
  });
  await response.text();
  if (!response.ok) throw new Error(`${response.status}`);
  return response.headers.get('mcp-session-id') ?? '';
}

/** Begins a request and hangs up. */
async function leave(server: Served, path: string, json: unknown): Promise<void> {
  await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(json),
    signal: AbortSignal.timeout(100),
  }).catch(() => undefined);
}

async function leaveStream(server: Served): Promise<void> {
  const id = await openSession(server);
  await fetch(`${server.url}/mcp`, {
    headers: { authorization: `Bearer ${server.adminKey}`, accept: 'text/event-stream', 'mcp-session-id': id },
    signal: AbortSignal.timeout(1_000),
  }).then(
    (response) => response.text().catch(() => undefined),
    () => undefined,
  );
}

/** One tool comes or goes. */
async function changeList(state: { grown: number; changed: Set<(what: 'tools') => void> }): Promise<void> {
  state.grown = state.grown === 0 ? 1 : 0;
  for (const tell of state.changed) tell('tools');
}

// What waits to be collected says nothing of what is held.
const collectOnSignal = ['--expose-gc', '--import', 'data:text/javascript,process.on("SIGUSR2",()=>gc())'];

async function sampleOf(server: Served): Promise<Sample> {
  server.kill('SIGUSR2');
  await pause(200);
  const metrics = await (await server.request('/metrics')).text();
  const gauge = (name: string) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1]);
  return {
    heapMiB: gauge('nodejs_heap_size_used_bytes') / 2 ** 20,
    handles: readdirSync(`/proc/${server.pid}/fd`).length,
    children: readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').split(' ').filter(Boolean).length,
    connections: gauge('mcp_active_connections'),
  };
}
