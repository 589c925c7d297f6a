import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach } from 'vitest';
import type { ListedItems, ToolsetFacts } from '../src/capabilities/catalog/index.ts';
import { createImporter } from '../src/capabilities/upstreams/openapi/importer.ts';
import {
  type CredentialsPort,
  defaultTiming,
  type Surroundings,
  type Timing,
  type UpstreamState,
} from '../src/capabilities/upstreams/types.ts';
import { createUpstream, type Upstream } from '../src/capabilities/upstreams/upstream.ts';
import { httpUpstream, stdioUpstream, type UpstreamSettings } from '../src/config/schema.ts';
import type { Call, CallerLink, Continuation, InputRequest, Operation, ProgressUpdate } from '../src/kernel/call.ts';
import type { JsonObject } from '../src/kernel/json.ts';
import { type Annotations, type Tool, unknownAnnotations } from '../src/kernel/tool.ts';
import { createEgress } from '../src/platform/http/index.ts';
import { createProcesses, type Processes, type SpawnSpec } from '../src/platform/process/index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const program = join(root, 'test/fixtures/servers/stdio.ts');

/** What the catalog was told. */
export interface MemoryCatalog {
  items: Map<string, ListedItems>;
  facts: Map<string, ToolsetFacts>;
  /** Reasons by toolset; gone when it is listed again. */
  stale: Map<string, string>;
  removed: string[];
  listings: number;
}

export interface UpstreamWorld {
  catalog: MemoryCatalog;
  processes: Processes;
  around: Surroundings;
  /** Log lines, parsed. */
  logged: JsonObject[];
  /** Pids of every child that was started. */
  pids: number[];
  /** Starts an upstream; it is stopped after the test. */
  start(name: string, settings: UpstreamSettings, source?: 'file' | 'runtime'): Upstream;
}

const worlds: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

/** Real processes and real HTTP around upstreams, and a catalog that remembers what it was told. */
export function createUpstreamWorld(
  timing: Partial<Timing> = {},
  allow: readonly string[] = [],
  credentials?: CredentialsPort,
): UpstreamWorld {
  const logged: JsonObject[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const PATH = `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`;
  const processes = createProcesses({ inherit: { PATH, HOME: process.env.HOME ?? '/' }, log });
  const egress = createEgress({ allow, log });
  const pids: number[] = [];
  const catalog: MemoryCatalog = { items: new Map(), facts: new Map(), stale: new Map(), removed: [], listings: 0 };
  const around: Surroundings = {
    catalog: {
      async replaceItems(_org, toolset, items, facts) {
        catalog.items.set(toolset, items);
        catalog.facts.set(toolset, facts);
        catalog.stale.delete(toolset);
        catalog.listings++;
        const { tools, prompts, resources, templates, refused = [] } = items;
        const count = { tools: tools.length, prompts: prompts.length, resources: resources.length + templates.length };
        return { ...count, refused };
      },
      async markStale(_org, toolset, reason) {
        catalog.stale.set(toolset, reason);
      },
      async removeToolset(_org, toolset) {
        catalog.items.delete(toolset);
        catalog.stale.delete(toolset);
        catalog.removed.push(toolset);
      },
      async forgetDecisions() {},
    },
    processes: {
      async spawn(spec: SpawnSpec) {
        const child = await processes.spawn(spec);
        pids.push(child.pid);
        return child;
      },
    },
    egress,
    importer: createImporter({ processes }),
    ...(credentials ? { credentials } : {}),
    clientInfo: { name: 'fairlead', version: '0.0.0' },
    log,
    timing: { ...defaultTiming, ...timing },
    now: Date.now,
  };
  const upstreams: Upstream[] = [];
  worlds.push({
    async stop() {
      await Promise.all(upstreams.map((upstream) => upstream.stop()));
      await processes.stop();
      await egress.stop();
    },
  });
  return {
    catalog,
    processes,
    around,
    logged,
    pids,
    start(name, settings, source = 'file') {
      const upstream = createUpstream({ org: 'default', name, source, settings }, around, () => undefined);
      upstreams.push(upstream);
      upstream.start();
      return upstream;
    },
  };
}

/** Settings of the stdio fixture in one of its modes. */
export function fixtureOver(mode: string, more: Record<string, unknown> = {}): UpstreamSettings {
  const { parameter, ...settings } = more;
  const args = [program, mode, ...(parameter === undefined ? [] : [String(parameter)])];
  return stdioUpstream.parse({ command: process.execPath, args, startTimeoutMs: 15_000, ...settings });
}

export function httpAt(url: string, more: Record<string, unknown> = {}): UpstreamSettings {
  return httpUpstream.parse({ url, startTimeoutMs: 15_000, ...more });
}

/** A caller that can be asked everything and answers `answers` in turn, or `<name>'s answer`. */
export interface TestCaller {
  link: CallerLink;
  asked: InputRequest[];
  progress: ProgressUpdate[];
  logs: unknown[];
}

export function caller(name: string, more: Partial<CallerLink> = {}): TestCaller {
  const asked: InputRequest[] = [];
  const progress: ProgressUpdate[] = [];
  const logs: unknown[] = [];
  const link: CallerLink = {
    era: 'sessions',
    capabilities: { elicitation: {}, sampling: {}, roots: {} },
    sessionId: `session of ${name}`,
    async ask(request): Promise<JsonObject> {
      asked.push(request);
      if (request.method === 'roots/list') return { roots: [{ uri: `file:///${name}` }] };
      const content = { type: 'text', text: `${name}'s model` };
      if (request.method === 'sampling/createMessage') return { role: 'assistant', model: 'm', content };
      return { action: 'accept', content: { answer: `${name}'s answer` } };
    },
    progress: (update) => void progress.push(update),
    log: (_level, data) => void logs.push(data),
    ...more,
  };
  return { link, asked, progress, logs };
}

export interface CallOptions {
  link?: CallerLink;
  principal?: string;
  operation?: Operation;
  annotations?: Partial<Annotations>;
  timeoutMs?: number;
  deadline?: number;
  continuation?: Continuation;
  signal?: AbortSignal;
  meta?: JsonObject;
}

/** Calls a tool, reads a resource, gets a prompt or completes; resolves with the provider's reply. */
export function call(upstream: Upstream, target: string, args: JsonObject = {}, options: CallOptions = {}) {
  const {
    link = caller('nobody', { era: 'none' }).link,
    principal = 'key:one',
    operation = 'tool',
    annotations,
  } = options;
  const signal = options.signal ?? new AbortController().signal;
  const { name } = upstream.declaration;
  const tool: Tool = {
    org: 'default',
    id: `${name}.${target}`,
    toolset: name,
    name: target,
    definition: { name: target, inputSchema: { type: 'object' } },
    digest: '',
    annotations: { ...unknownAnnotations, ...annotations },
    tags: [],
    status: 'live',
  };
  const made: Call & { tool: Tool } = {
    id: 'call_1',
    startedAt: Date.now(),
    principal: {
      id: principal,
      kind: 'user',
      org: 'default',
      name: principal,
      roles: [],
      scopes: [],
      credential: { kind: 'internal', id: principal },
    },
    surface: 'mcp',
    operation,
    target,
    providerTarget: target,
    arguments: args,
    link,
    signal,
    tool,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
    ...(options.continuation ? { continuation: options.continuation } : {}),
    ...(options.meta ? { meta: options.meta } : {}),
  };
  return upstream.dispatch(made, signal);
}

/** The text of a tool's result. */
export async function textOf(reply: ReturnType<typeof call>): Promise<string> {
  const settled = await reply;
  if (settled.kind !== 'result') throw new Error(`the reply is ${settled.kind}`);
  const [first] = settled.result.content as JsonObject[];
  return String(first?.text);
}

export async function until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  for (const giveUpAt = Date.now() + timeoutMs; !condition(); await pause(20)) {
    if (Date.now() > giveUpAt) throw new Error(`it did not come to pass within ${timeoutMs} ms`);
  }
}

export async function enters(upstream: Upstream, state: UpstreamState, timeoutMs = 15_000): Promise<void> {
  await until(() => upstream.status().state === state, timeoutMs).catch((error: unknown) => {
    throw new Error(`the upstream is ${JSON.stringify(upstream.status())}`, { cause: error });
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
