import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as RecentClient } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/config/index.ts';
import { textOf } from '../clients.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

// Programs that other people wrote, as they are installed, against a server that runs.

let fairlead: Fairlead;
let home: string;
const closing: (() => Promise<unknown>)[] = [];
const program = (name: string) => join(packageRoot, 'node_modules/.bin', name);

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'fairlead-outside-'));
  fairlead = await startFairlead({
    config: {
      upstreams: {
        pipe: { ...fixtureUpstream('both'), startTimeoutMs: 20_000 },
        legacy: { ...fixtureUpstream('legacy'), startTimeoutMs: 20_000 },
      },
      endpoints: { bare: { toolsets: ['pipe'], naming: 'bare' } },
    },
  });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close().catch(() => undefined);
});
afterAll(async () => {
  await fairlead?.stop();
  rmSync(home, { recursive: true, force: true });
});

const environment = () => ({ PATH: process.env.PATH ?? '', HOME: home });

describe('the client of SDK 1.x', () => {
  const said = (result: object) => textOf(result as { content?: unknown });

  async function connect(path = '/mcp', key = fairlead.adminKey) {
    const client = new Client({ name: 'old', version: '1.0.0' }, { capabilities: { elicitation: { form: {} } } });
    const transport = new StreamableHTTPClientTransport(new URL(`${fairlead.url}${path}`), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
    });
    closing.push(async () => {
      await transport.terminateSession();
      await client.close();
    });
    await client.connect(transport);
    return { client, transport };
  }

  it('lists and uses tools, prompts, resources, templates and completions [SP-4] [SP-5]', async () => {
    const { client, transport } = await connect();
    expect(client.getServerVersion()?.name).toBe('fairlead');
    expect(transport.protocolVersion).toBe('2025-11-25');
    expect(transport.sessionId).toBeTruthy();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('pipe_echo');
    expect(said(await client.callTool({ name: 'pipe_echo', arguments: { text: 'hi' } }))).toBe('hi');
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toContain('pipe_greet');
    const { messages } = await client.getPrompt({ name: 'pipe_greet', arguments: { who: 'Ann' } });
    expect(messages[0]?.content).toMatchObject({ text: 'Greet Ann.' });
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain('pipe+fixture://watched');
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toContain('pipe+fixture://item/{id}');
    const { contents } = await client.readResource({ uri: 'pipe+fixture://item/4' });
    expect(contents[0]).toMatchObject({ uri: 'pipe+fixture://item/4', text: 'a text' });
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: 'pipe_greet' },
      argument: { name: 'who', value: 'An' },
    });
    expect(completion.values).toEqual(['An!']);
  });

  it('hears progress and logs, answers a question, and gives up a call [SP-4] [SP-5]', async () => {
    const { client } = await connect();
    const heard: unknown[] = [];
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
      action: 'accept',
      content: { answer: `yes to ${params.message}` },
    }));
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void heard.push(params.data));
    const progress: number[] = [];
    await client.callTool({ name: 'pipe_count', arguments: {} }, undefined, {
      onprogress: (update) => void progress.push(update.progress),
    });
    expect(progress).toEqual([1, 2, 3]);
    await client.setLoggingLevel('debug');
    await client.callTool({ name: 'legacy_log', arguments: { text: 'a line' } });
    await expect.poll(() => heard).toContain('a line');
    expect(said(await client.callTool({ name: 'pipe_ask', arguments: { question: 'tea?' } }))).toContain('yes to tea?');
    const giveUp = new AbortController();
    const call = client.callTool({ name: 'legacy_sleep', arguments: { ms: 60_000 } }, undefined, {
      signal: giveUp.signal,
    });
    setTimeout(() => giveUp.abort(), 300);
    await expect(call).rejects.toThrow();
    await expect
      .poll(async () => {
        const { records } = await (await fairlead.request('/api/v1/audit?tool=legacy.sleep')).json();
        return records.map(({ outcome }: { outcome: string }) => outcome);
      })
      .toEqual(['cancelled']);
  });

  it('is told of changed lists and resources on its stream [SP-5]', async () => {
    const { client } = await connect();
    const told: string[] = [];
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void told.push('tools'));
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void told.push(params.uri));
    await client.subscribeResource({ uri: 'legacy+fixture://watched' });
    await expect
      .poll(
        async () => {
          await client.callTool({ name: 'legacy_touch', arguments: {} });
          return told;
        },
        { timeout: 15_000, interval: 500 },
      )
      .toContain('legacy+fixture://watched');
    const before = (await client.listTools()).tools.length;
    await client.callTool({ name: 'legacy_grow', arguments: {} });
    await expect.poll(() => told, { timeout: 15_000 }).toContain('tools');
    expect((await client.listTools()).tools.length).toBe(before + 1);
  });

  it('goes on in its session after it reconnects [SP-4]', async () => {
    const { client, transport } = await connect();
    await client.close();
    const again = new Client({ name: 'old', version: '1.0.0' });
    const resumed = new StreamableHTTPClientTransport(new URL(`${fairlead.url}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${fairlead.adminKey}` } },
      ...(transport.sessionId === undefined ? {} : { sessionId: transport.sessionId }),
    });
    resumed.setProtocolVersion('2025-11-25');
    await again.connect(resumed);
    closing.push(() => again.close());
    expect(said(await again.callTool({ name: 'pipe_echo', arguments: { text: 'still here' } }))).toBe('still here');
  });

  it('uses bare names at an endpoint, and is refused without a good key [SP-4]', async () => {
    const { client } = await connect('/mcp/bare');
    expect(said(await client.callTool({ name: 'echo', arguments: { text: 'bare' } }))).toBe('bare');
    await expect(connect('/mcp', 'fl_not_a_key_of_this_server')).rejects.toThrow();
  });
});

describe.each(['legacy', 'modern'])("the MCP Inspector's command line, era %s", (era) => {
  async function inspect(...args: string[]) {
    const { code, stdout, stderr } = await run(program('mcp-inspector'), [
      '--cli',
      `${fairlead.url}/mcp`,
      '--transport',
      'http',
      '--header',
      `Authorization: Bearer ${fairlead.adminKey}`,
      '--protocol-era',
      era,
      '--format',
      'json',
      ...args,
    ]);
    if (code !== 0) throw new Error(`it ended with ${code}: ${stderr.slice(-2_000)}`);
    return JSON.parse(stdout);
  }

  it('lists tools and calls one [SP-4] [SP-5]', async () => {
    const { result: listed } = await inspect('--method', 'tools/list');
    expect(listed.tools.map(({ name }: { name: string }) => name)).toContain('pipe_echo');
    const { result: called } = await inspect(
      ...['--method', 'tools/call', '--tool-name', 'pipe_echo', '--tool-arg', 'text=hi'],
    );
    expect(textOf(called)).toBe('hi');
  }, 90_000);

  it('lists and reads resources, lists and gets prompts [SP-5]', async () => {
    const { result: listed } = await inspect('--method', 'resources/list');
    expect(listed.resources.map(({ uri }: { uri: string }) => uri)).toContain('pipe+fixture://watched');
    const { result: read } = await inspect('--method', 'resources/read', '--uri', 'pipe+fixture://watched');
    expect(read.contents[0]).toMatchObject({ uri: 'pipe+fixture://watched', text: 'a text' });
    const { result: prompt } = await inspect(
      ...['--method', 'prompts/get', '--prompt-name', 'pipe_greet', '--prompt-args', 'who=Ann'],
    );
    expect(JSON.stringify(prompt.messages)).toContain('Greet Ann.');
  }, 90_000);
});

describe('mcp-remote', () => {
  it('carries a client that only starts programs to Fairlead [SP-4] [SP-5]', async () => {
    const client = new RecentClient({ name: 'stdio only', version: '1.0.0' });
    closing.push(() => client.close());
    await client.connect(
      new StdioClientTransport({
        command: program('mcp-remote'),
        args: [
          `${fairlead.url}/mcp`,
          '--allow-http',
          '--transport',
          'http-only',
          '--header',
          `Authorization: Bearer ${fairlead.adminKey}`,
        ],
        env: { ...environment(), MCP_REMOTE_CONFIG_DIR: join(home, 'mcp-remote') },
        stderr: 'ignore',
      }),
      { timeout: 60_000 },
    );
    expect(client.getServerVersion()?.name).toBe('fairlead');
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('pipe_echo');
    const progress: number[] = [];
    await client.callTool(
      // Over a pipe the client drops notices that arrive in one piece with the result.
      { name: 'pipe_count', arguments: { everyMs: 200 } },
      { onprogress: (update) => void progress.push(update.progress) },
    );
    expect(progress).toEqual([1, 2, 3]);
    expect(textOf(await client.callTool({ name: 'pipe_echo', arguments: { text: 'through' } }))).toBe('through');
    const { contents } = await client.readResource({ uri: 'pipe+fixture://item/9' });
    expect(contents[0]).toMatchObject({ uri: 'pipe+fixture://item/9' });
    await expect(client.callTool({ name: 'nothing', arguments: {} })).rejects.toMatchObject({ code: -32602 });
  }, 90_000);
});

/** Runs a program to its end. */
function run(
  command: string,
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(command, args, { cwd: home, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
