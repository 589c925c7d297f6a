import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { send } from '../bench/load.ts';
import { initialize, modern, openSession } from '../bench/rpc.ts';
import { diesWithUs, freePort } from '../scripts/services/service.ts';
import { packageRoot } from '../src/config/index.ts';
import { databaseFor, fixtureUpstream } from './harness.ts';
import { childrenOf, collectOnSignal, type Holdings, holdingsOf } from './holdings.ts';
import { type Served, serve } from './served.ts';

/** How much of each. */
export interface Strain {
  /** Sessions of 2025-11-25 that are opened and never closed. */
  sessions: number;
  /** Upstreams that are killed, most of them processes over stdio. */
  restarts: number;
  /** Calls that are answered, in both eras. */
  calls: number;
}

export interface EnduranceOptions extends Strain {
  /** What comes before the first measurement, so that caches are full and code is compiled. */
  settle: Strain;
  /** Upstreams over stdio. */
  pipes: number;
  /** Callers, each with a key of its own. */
  keys: number;
  sessionsPerKey: number;
  /** Postgres to make the database on; embedded when empty. */
  postgres?: string;
  onProgress?(step: string): void;
}

export interface Endured {
  before: Holdings;
  after: Holdings;
  done: Strain;
  /** The most sessions that were open at once. */
  mostSessions: number;
  /** What did not go well, by kind: calls that met an upstream which was just killed. */
  others: Record<string, number>;
}

const idleMs = 3_000;
/** Pauses between attempts grow up to here; then an upstream is left alone until they begin anew. */
const killsInARow = 4;
const stableMs = 31_000;
const side = 8;
const patienceMs = 120_000;

/** A server, measured before and after it was put to a strain that never tidies up. */
export async function endure(options: EnduranceOptions): Promise<Endured> {
  const { pipes, sessionsPerKey } = options;
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-endurance-'));
  const dataDir = join(folder, 'data');
  const database = await databaseFor(dataDir, options.postgres ?? '');
  const web = await startWeb();
  const names = Array.from({ length: pipes }, (_, n) => `pipe${n}`);
  const server = await serve({
    dataDir,
    env: { ...database.env, FAIRLEAD_LOG_LEVEL: 'error' },
    nodeFlags: collectOnSignal,
    config: {
      sessions: { idleMs, maxPerPrincipal: sessionsPerKey },
      upstreams: {
        web: { url: web.url, maxConcurrentCalls: 64 },
        ...Object.fromEntries(names.map((name) => [name, fixtureUpstream('legacy', name)])),
      },
    },
  });
  try {
    const died = server.exited.then(({ code, signal }) => {
      throw new Error(`the server ended with ${signal ?? code}: ${server.errors()}`);
    });
    return await Promise.race([died, measure(server, web, names, options)]);
  } finally {
    await server.stop();
    await web.stop();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  server: Served,
  web: Web,
  names: readonly string[],
  { keys: keyCount, settle, onProgress = () => {}, ...wanted }: EnduranceOptions,
): Promise<Endured> {
  await server.ready();
  const keys: string[] = [];
  for (let n = 0; n < keyCount; n++) keys.push(await makeKey(server, `soak ${n}`));
  const world: World = { server, web, names, keys, others: {}, mostSessions: 0 };
  onProgress('settling');
  await strain(world, settle);
  const before = await rest(world);
  world.mostSessions = 0;
  world.others = {};
  onProgress('under strain');
  const done = await strain(world, wanted);
  onProgress('resting');
  const after = await rest(world);
  return { before, after, done, mostSessions: world.mostSessions, others: world.others };
}

interface World {
  server: Served;
  web: Web;
  /** Of the upstreams over stdio. */
  names: readonly string[];
  keys: readonly string[];
  others: Record<string, number>;
  mostSessions: number;
}

async function strain(world: World, wanted: Strain): Promise<Strain> {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 * side });
  const done: Strain = { sessions: 0, restarts: 0, calls: 0 };
  const { sessions, restarts, calls } = wanted;
  const left = { sessions, restarts, calls };
  const over = new AbortController();
  const watching = watchSessions(world, over.signal);
  try {
    await Promise.all([
      abandonSessions(world, agent, left, done),
      restartUpstreams(world, left, done),
      ...Array.from({ length: side }, (_, n) => callOn(world, agent, n, left, done)),
    ]);
  } finally {
    over.abort();
    await watching;
    agent.destroy();
  }
  return done;
}

async function abandonSessions({ server, keys, others }: World, agent: Agent, left: Strain, done: Strain) {
  const one = async () => {
    while (left.sessions-- > 0) {
      const shot = initialize(keys[left.sessions % keys.length]);
      const { status } = await send(`${server.url}/mcp`, shot, agent);
      if (status === 200) done.sessions += 1;
      else count(others, `a session: ${status}`);
    }
  };
  await Promise.all([one(), one()]);
}

/** Reads and writes, at all upstreams, in sessions and without; what meets a dead upstream is not counted. */
async function callOn({ server, names, keys, others }: World, agent: Agent, n: number, left: Strain, done: Strain) {
  const mcp = `${server.url}/mcp`;
  const key = keys[n % keys.length];
  let inSession: Awaited<ReturnType<typeof openSession>> | undefined;
  for (let turn = n; left.calls > 0; turn += 1) {
    left.calls -= 1;
    const toolset = turn % 2 === 0 ? 'web' : names[(turn >> 1) % names.length];
    const params = { name: `${toolset}_${turn % 3 === 0 ? 'write' : 'echo'}`, arguments: { text: `call ${turn}` } };
    const stateless = (turn >> 2) % 2 === 0;
    if (!stateless) inSession ??= await openSession(mcp, key).catch(() => undefined);
    const shot = stateless ? modern('tools/call', params, key) : inSession?.('tools/call', params);
    const answer = shot && (await send(mcp, shot, agent).catch((error: Error) => ({ status: 0, text: error.message })));
    if (answer?.status === 200 && !/"isError":true|"error":/.test(answer.text)) {
      done.calls += 1;
      continue;
    }
    left.calls += 1;
    if (!stateless) inSession = undefined; // perhaps another one took its place
    const code = /\\?"code\\?":\\?"([A-Z_]+)/.exec(answer?.text ?? '')?.[1];
    count(others, `a call: ${code ?? answer?.status ?? 'no session'}`);
    await pause(20);
  }
}

/** Most over stdio, by kill -9; every fifth the HTTP server, which comes again at its address. */
async function restartUpstreams({ server, web, names }: World, left: Strain, done: Strain) {
  const killing = async (name: string, kill: () => Promise<void>) => {
    for (let n = 1; left.restarts-- > 0; n += 1) {
      await live(server, name);
      await kill();
      done.restarts += 1;
      if (n % killsInARow === 0 && left.restarts > 0) await pause(stableMs);
    }
    await live(server, name);
  };
  await Promise.all([
    killing('web', web.restart),
    ...names.map((name) => killing(name, () => killPipe(server.pid, name))),
  ]);
}

/** Resolves when the process is gone and the next one is there. */
async function killPipe(pid: number, name: string): Promise<void> {
  const processOf = () => childrenOf(pid).find(({ command }) => command.endsWith(` legacy ${name}`))?.pid;
  const killed = processOf();
  if (killed === undefined) throw new Error(`${name} has no process`);
  process.kill(killed, 'SIGKILL');
  for (const until = Date.now() + patienceMs; ; await pause(50)) {
    const next = processOf();
    if (next !== undefined && next !== killed) return;
    if (Date.now() > until) throw new Error(`${name} is not started again`);
  }
}

/** Waits until an upstream is connected. */
async function live(server: Served, name: string): Promise<void> {
  for (const until = Date.now() + patienceMs; ; await pause(200)) {
    const response = await server.request(`/api/v1/upstreams/${name}`);
    const { state } = (await response.json()) as { state?: string };
    if (state === 'live') return;
    if (Date.now() > until) throw new Error(`${name} does not come back: ${state}`);
  }
}

async function watchSessions(world: World, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const text = await world.server.request('/metrics').then(
      (response) => response.text(),
      () => '', // whoever makes calls says that the server is gone
    );
    const open = Number(/^mcp_active_connections (\d+)$/m.exec(text)?.[1] ?? 0);
    world.mostSessions = Math.max(world.mostSessions, open);
    await pause(250);
  }
}

/** Waits until nothing is left to be tidied up: idle sessions, kept-alive sockets, audit records on their way. */
async function rest({ server, names }: World): Promise<Holdings> {
  for (const name of ['web', ...names]) await live(server, name);
  await pause(idleMs + 8_000); // kept-alive connections are closed after five seconds
  let last = await holdingsOf(server);
  const { rssMiB } = last; // nobody has asked for a collection before
  for (const until = Date.now() + 20_000; Date.now() < until; ) {
    await pause(1_000);
    const now = await holdingsOf(server);
    const change = Math.abs(now.descriptors - last.descriptors) + Math.abs(now.resources - last.resources);
    last = now;
    if (now.connections === 0 && change <= 1) break;
  }
  return { ...last, rssMiB };
}

async function makeKey(server: Served, name: string): Promise<string> {
  const response = await server.request('/api/v1/keys', { json: { name, roles: ['operator'] } });
  const { secret } = (await response.json()) as { secret?: string };
  if (!secret) throw new Error(`no key: ${response.status}`);
  return secret;
}

interface Web {
  url: string;
  /** By kill -9, at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The HTTP fixture in a process of its own. */
async function startWeb(): Promise<Web> {
  const program = 'test/fixtures/servers/http-program.ts';
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async () => {
    const { command, args } = diesWithUs(process.execPath, [join(packageRoot, program), `${port}`], 'KILL');
    const started = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    const [url] = await once(started.stdout.setEncoding('utf8'), 'data');
    return String(url).trim();
  };
  const stop = async () => {
    const gone = child && once(child, 'exit');
    child?.kill('SIGKILL');
    await gone;
  };
  const url = await start();
  const restart = async () => {
    await stop();
    await start();
  };
  return { url, restart, stop };
}

function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}
