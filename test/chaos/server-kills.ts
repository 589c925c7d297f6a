import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import { caller, textOf } from '../clients.ts';
import { type HttpFixture, serveHttpFixture } from '../fixtures/servers/http.ts';
import { databaseFor, fixtureUpstream } from '../harness.ts';
import { type Served, serve } from '../served.ts';

export interface KillReport {
  rounds: number;
  acknowledged: number;
  /** Ids of calls that were answered and of which the audit says nothing, or not that they went well. */
  lost: string[];
  /** Calls that may change something and reached the upstream, per tool, over what the audit knows of. */
  unaccounted: number;
  /** Slow calls that were cut off, by what the audit says of them. */
  cutOff: Record<string, number>;
  /** What verifying the chain found. */
  faults: unknown[];
  /** Processes of upstreams that outlived their server. */
  orphans: number[];
}

interface AuditLine {
  id: string;
  tool?: string;
  outcome: string;
  errorCode?: string;
}

const loadMs = 700;
const orphanLimitMs = 10_000;

/**
 * Calls tools through a server by every surface, kills it with SIGKILL at a random moment and starts it again on what
 * it left, `rounds` times; then looks at what the audit knows.
 */
export async function killServers(base: string | undefined, rounds: number): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-kills-'));
  const dataDir = join(folder, 'data');
  const starts = join(folder, 'starts');
  writeFileSync(starts, '');
  const database = await databaseFor(dataDir, base ?? '');
  const web = await serveHttpFixture('both');
  const config = {
    upstreams: {
      web: { url: web.url, tools: { sleep: { annotations: { readOnly: false } } } },
      pipe: { ...fixtureUpstream('legacy'), env: { FIXTURE_STARTS: starts } },
    },
  };
  const acknowledged = new Set<string>();
  const orphans: number[] = [];
  const begin = () => serve({ dataDir, config, env: database.env });
  let server: Served | undefined;
  try {
    for (let round = 0; round < rounds; round++) {
      server = await begin();
      await server.ready();
      const load = callers(server, acknowledged);
      await pause(loadMs / 2 + Math.random() * loadMs);
      server.kill('SIGKILL');
      await server.exited;
      await load.end();
      orphans.push(...(await leftOver(readPids(starts))));
      await server.stop();
    }
    server = await begin();
    await server.ready();
    return { rounds, orphans, ...(await lookUp(server, acknowledged, web)) };
  } finally {
    await server?.stop();
    await web.stop();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Calls that go on until the server is gone; what was answered is added to `acknowledged`. */
function callers(server: Served, acknowledged: Set<string>): { end(): Promise<void> } {
  let over = false;
  let round = 0;
  const again = async (call: () => Promise<string | undefined>) => {
    while (!over) {
      const id = await call().catch(() => undefined);
      if (id !== undefined) acknowledged.add(id);
      else await pause(5);
    }
  };
  const rest = async (tool: string, args: object): Promise<string | undefined> => {
    const response = await server.request(`/api/v1/tools/${tool}/call`, { json: { arguments: args } });
    const { callId, outcome } = (await response.json()) as { callId: string; outcome: string };
    return outcome === 'ok' ? callId : undefined;
  };
  const mcp = async (client: Promise<Client>, name: string): Promise<string | undefined> => {
    // A client whose stream was cut waits for it to be resumed, and there is nobody left to do so.
    const result = await (await client).callTool({ name, arguments: { text: `${round++}` } }, { timeout: 5_000 });
    if (result.isError) throw new Error(textOf(result));
    return result._meta?.['dev.fairlead/callId'] as string;
  };
  const clients = (['sessions', 'modern'] as const).map((era) => caller(server, era));
  const work = [
    ...clients.flatMap((client) => ['web_write', 'pipe_echo'].map((name) => again(() => mcp(client, name)))),
    again(() => rest('web.write', { text: 'by REST' })),
    again(() => rest('pipe.write', { text: 'by REST' })),
    // These never end by themselves: the kill always finds them in flight.
    ...Array.from({ length: 3 }, () => again(() => rest('web.sleep', { ms: 60_000 }))),
  ];
  return {
    async end() {
      over = true;
      await Promise.all(work);
      for (const client of clients) await client.then((it) => it.close()).catch(() => undefined);
    },
  };
}

async function lookUp(server: Served, acknowledged: ReadonlySet<string>, web: HttpFixture) {
  const lines = (await (await server.request('/api/v1/audit/export?kind=call')).text()).split('\n').filter(Boolean);
  const records = new Map(lines.map((line) => JSON.parse(line) as AuditLine).map((record) => [record.id, record]));
  const { faults } = (await (await server.request('/api/v1/audit/verify')).json()) as { faults: unknown[] };
  const dispatched = (tool: string) => web.state.called.filter((name) => name === tool).length;
  const known = (tool: string) => [...records.values()].filter((record) => record.tool === `web.${tool}`).length;
  const cutOff: Record<string, number> = {};
  for (const { tool, outcome, errorCode } of records.values()) {
    if (tool !== 'web.sleep') continue;
    const end = errorCode === undefined ? outcome : `${outcome}: ${errorCode}`;
    cutOff[end] = (cutOff[end] ?? 0) + 1;
  }
  return {
    acknowledged: acknowledged.size,
    lost: [...acknowledged].filter((id) => records.get(id)?.outcome !== 'ok'),
    unaccounted: ['write', 'sleep'].reduce((sum, tool) => sum + Math.max(0, dispatched(tool) - known(tool)), 0),
    cutOff,
    faults,
  };
}

function readPids(file: string): number[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
}

/** Those of the processes that are still there after a while. */
async function leftOver(pids: readonly number[]): Promise<number[]> {
  const until = Date.now() + orphanLimitMs;
  for (;;) {
    const alive = pids.filter(isAlive);
    if (alive.length === 0 || Date.now() > until) return alive;
    await pause(50);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
