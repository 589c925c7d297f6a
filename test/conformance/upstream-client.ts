#!/usr/bin/env node
// Drives the upstream connector against a server of the conformance suite, whose URL is the last argument: connects,
// lists, reads, gets, calls. The suite gives the arguments of calls in MCP_CONFORMANCE_CONTEXT where they matter.
import { pino } from 'pino';
import { createImporter } from '../../src/capabilities/upstreams/openapi/importer.ts';
import { defaultTiming } from '../../src/capabilities/upstreams/types.ts';
import { createUpstream } from '../../src/capabilities/upstreams/upstream.ts';
import { httpUpstream } from '../../src/config/schema.ts';
import type { Call, CallerLink, InputRequest, Operation } from '../../src/kernel/call.ts';
import { isObject, type JsonObject } from '../../src/kernel/json.ts';
import { type ToolDefinition, unknownAnnotations } from '../../src/kernel/tool.ts';
import { createEgress } from '../../src/platform/http/index.ts';
import { authSettings, credentialsFor } from './authorization.ts';

const url = process.argv.at(-1) ?? '';
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}') as JsonObject;
const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';
const log = pino({ level: process.env.MCP_CONFORMANCE_LOG ?? 'warn' }, pino.destination(2));
const processes = { spawn: () => Promise.reject(new Error('no processes here')) };
const egress = createEgress({ allow: ['127.0.0.0/8', '::1'], log });
const given = { scenario, context, url, egress, log };
const auth = scenario.startsWith('auth/') ? await authSettings(given) : undefined;
const credentials = scenario.startsWith('auth/') ? credentialsFor(given, auth) : undefined;
let listed: { tools: ToolDefinition[]; prompts: JsonObject[]; resources: JsonObject[] } | undefined;

const settings = httpUpstream.parse({
  url,
  callTimeoutMs: 15_000,
  auth,
  ...(scenario.startsWith('auth/') ? { startTimeoutMs: 60_000 } : {}),
});
const declaration = { org: 'default', name: 'referee', source: 'file', settings } as const;
const upstream = createUpstream(
  declaration,
  {
    catalog: {
      async replaceItems(_org, _toolset, items) {
        listed ??= items;
        const { tools, prompts, resources, templates, refused = [] } = items;
        const count = { tools: tools.length, prompts: prompts.length, resources: resources.length + templates.length };
        return { ...count, refused };
      },
      async markStale() {},
      async removeToolset() {},
      async forgetDecisions() {},
    },
    processes,
    egress,
    importer: createImporter({ processes }),
    ...(credentials ? { credentials } : {}),
    clientInfo: { name: 'fairlead', version: '0.1.0' },
    log,
    timing: defaultTiming,
    now: Date.now,
  },
  () => undefined,
);

/** A caller that accepts every form with its defaults. */
const link: CallerLink = {
  era: 'sessions',
  capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
  async ask({ method, params }: InputRequest): Promise<JsonObject> {
    if (method === 'roots/list') return { roots: [] };
    if (method === 'sampling/createMessage') {
      return { role: 'assistant', model: 'none', content: { type: 'text', text: 'an answer' } };
    }
    return { action: 'accept', content: exampleOf(params.requestedSchema) as JsonObject };
  },
  progress() {},
  log() {},
};

function exampleOf(schema: unknown, name = ''): unknown {
  if (!isObject(schema)) return {};
  if ('default' in schema) return schema.default;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (schema.type === 'object' || isObject(schema.properties)) {
    const properties = Object.entries(isObject(schema.properties) ? schema.properties : {});
    return Object.fromEntries(properties.map(([key, value]) => [key, exampleOf(value, key)]));
  }
  const examples: Record<string, unknown> = {
    string: `example ${name}`.trim(),
    number: 1.5,
    integer: 3,
    boolean: true,
    array: [],
  };
  return examples[String(schema.type)] ?? null;
}

let tried = 0;
let lost = 0;
async function use(operation: Operation, target: string, args: JsonObject, definition: ToolDefinition): Promise<void> {
  const call: Call = {
    id: 'call',
    startedAt: Date.now(),
    principal: {
      id: 'referee',
      kind: 'service',
      org: 'default',
      name: 'referee',
      roles: [],
      scopes: [],
      credential: { kind: 'internal', id: 'referee' },
    },
    surface: 'mcp',
    operation,
    target,
    providerTarget: target,
    arguments: args,
    link,
    signal: new AbortController().signal,
  };
  const tool = {
    org: 'default',
    id: `referee.${target}`,
    toolset: 'referee',
    name: target,
    definition,
    digest: '',
    annotations: unknownAnnotations,
    tags: [],
    status: 'live' as const,
  };
  try {
    tried++;
    await upstream.dispatch({ ...call, tool }, call.signal);
  } catch (error) {
    lost++;
    console.error(`${operation} ${target}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Listed, or refused: a busy machine may need long for either, and what was refused once is refused again. */
async function settled(): Promise<void> {
  const listing = upstream.settled.then(() => true);
  const lookAgain = () => new Promise<false>((resolve) => void setTimeout(() => resolve(false), 50));
  while (!(await Promise.race([listing, lookAgain()]))) if (upstream.status().state === 'failing') return;
}

upstream.start();
await (credentials ? settled() : upstream.settled);
const none = { name: '', inputSchema: {} };
const { tools, prompts, resources } = listed ?? { tools: [], prompts: [], resources: [] };
const asked = Array.isArray(context.toolCalls)
  ? (context.toolCalls as { name: string; arguments: JsonObject }[])
  : undefined;
// Where each person has a token of their own, listing may be nobody's: the tool is known by the suite alone.
const known = auth && credentials?.isPersonal(declaration) ? [{ name: 'test-tool', inputSchema: {} }] : tools;
// One scenario wants the schema of the first tool echoed by the second, to see whether it survived.
const echoed = tools.find((tool) => tool.name !== 'json_schema_echo')?.inputSchema ?? {};
const example = ({ name, inputSchema }: ToolDefinition) =>
  (name === 'json_schema_echo' ? { schema: echoed } : exampleOf(inputSchema)) as JsonObject;
const calls = asked ?? known.map((tool) => ({ name: tool.name, arguments: example(tool) }));
for (const { name, arguments: args } of calls) {
  await use('tool', name, args, tools.find((tool) => tool.name === name) ?? none);
}
for (const { uri } of resources) await use('read', String(uri), {}, none);
for (const { name, arguments: args } of prompts) {
  const names = Array.isArray(args)
    ? args.flatMap((argument) => (isObject(argument) ? [String(argument.name)] : []))
    : [];
  await use('prompt', String(name), Object.fromEntries(names.map((argument) => [argument, 'example'])), none);
}
const isLive = upstream.status().state === 'live';
const failed = known === tools ? !isLive : tried === 0 || lost > 0;
if (failed) console.error(`not live: ${upstream.status().reason}`);
await upstream.stop();
await egress.stop();
process.exitCode = failed ? 1 : 0;
