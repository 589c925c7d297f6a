import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CallerEra, textOf } from '../clients.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { program, runProgram, temporaryHome } from './run.ts';

let fairlead: Fairlead;
const home = temporaryHome();
const clients: Client[] = [];
const config = {
  upstreams: { fix: { ...fixtureUpstream(), startTimeoutMs: 30_000 } },
  endpoints: { plain: { toolsets: ['fix'], naming: 'bare' } },
};

beforeAll(async () => {
  fairlead = await startFairlead({ config });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close().catch(() => {})));
});
afterAll(async () => {
  await fairlead?.stop();
  home.remove();
});

const known = () => ({ ...home.env, FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey });

/** The official client, over the standard input and output of `fairlead stdio`. */
async function bridged(era: CallerEra, env: Record<string, string> = known(), args: string[] = []): Promise<Client> {
  const client = new Client(
    { name: `bridged ${era}`, version: '1.0.0' },
    {
      capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
      versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' },
    },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => ({
    action: 'accept',
    content: { answer: `answer to ${params.message}` },
  }));
  client.setRequestHandler('sampling/createMessage', () => ({
    model: 'test',
    role: 'assistant',
    content: { type: 'text', text: 'from the model' },
  }));
  const [command, ...main] = program;
  await client.connect(new StdioClientTransport({ command, args: [...main, 'stdio', ...args], env, stderr: 'pipe' }));
  clients.push(client);
  return client;
}

const eras = ['sessions', 'modern'] as const;
const timeout = 180_000;

describe.each(eras)('a client of the era of %s behind `fairlead stdio`', (era) => {
  it('lists and calls, is asked and answers, and sees progress [SP-4] [SP-6]', { timeout }, async () => {
    const client = await bridged(era);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('fix_echo');
    expect(textOf(await client.callTool({ name: 'fix_echo', arguments: { text: 'across' } }))).toBe('across');
    const asked = await client.callTool({ name: 'fix_ask', arguments: { question: 'who is there' } });
    expect(textOf(asked)).toContain('answer to');
    expect(textOf(await client.callTool({ name: 'fix_ask_model', arguments: {} }))).toContain('from the model');
    const steps: number[] = [];
    await client.callTool(
      { name: 'fix_count', arguments: { everyMs: 200 } },
      { onprogress: ({ progress }) => void steps.push(progress) },
    );
    expect(steps).toEqual([1, 2, 3]);
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain('fix+fixture://watched');
  });

  it('cancels a call that it does not wait for [SP-4]', { timeout }, async () => {
    const client = await bridged(era);
    const stop = new AbortController();
    const call = client.callTool({ name: 'fix_sleep', arguments: { ms: 30_000 } }, { signal: stop.signal });
    call.catch(() => {});
    const inFlight = () => fairlead.running.house.upstreams.get('default', 'fix')?.inFlight;
    await vi.waitFor(() => expect(inFlight()).toBe(1), { timeout: 10_000 });
    stop.abort();
    await expect(call).rejects.toThrow();
    await vi.waitFor(() => expect(inFlight()).toBe(0), { timeout: 10_000 });
    expect(textOf(await client.callTool({ name: 'fix_echo', arguments: { text: 'after' } }))).toBe('after');
  });

  it('reaches a named endpoint, and gets errors as the server gives them [SP-4]', { timeout }, async () => {
    const client = await bridged(era, known(), ['--endpoint', 'plain']);
    expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'bare' } }))).toBe('bare');
    await expect(client.callTool({ name: 'nothing', arguments: {} })).rejects.toMatchObject({ code: -32602 });
  });

  it('goes on after the server was started again, at another address and with another key [SP-4]', {
    timeout: 120_000,
  }, async () => {
    const own = temporaryHome();
    const note = ({ url, adminKey }: Fairlead) => {
      mkdirSync(own.startNotes, { recursive: true });
      const rest = { pid: process.pid, port: 1, dataDir: '/', keyId: 'key_x', startedAt: '' };
      writeFileSync(join(own.startNotes, 'one.json'), JSON.stringify({ url, key: adminKey, ...rest }));
    };
    let server = await startFairlead({ config });
    try {
      note(server);
      const client = await bridged(era, own.env);
      expect(textOf(await client.callTool({ name: 'fix_echo', arguments: { text: 'before' } }))).toBe('before');
      await server.stop();
      await expect(client.callTool({ name: 'fix_echo', arguments: { text: 'nobody' } })).rejects.toThrow();
      server = await startFairlead({ config });
      note(server);
      expect(textOf(await client.callTool({ name: 'fix_echo', arguments: { text: 'again' } }))).toBe('again');
    } finally {
      await server.stop();
      own.remove();
    }
  });
});

describe('fairlead stdio', () => {
  it('tells a client with a session what changes by itself [SP-4] [SP-5]', { timeout }, async () => {
    const client = await bridged('sessions');
    const changed = vi.fn();
    client.setNotificationHandler('notifications/tools/list_changed', changed);
    await client.callTool({ name: 'fix_grow', arguments: {} });
    await vi.waitFor(() => expect(changed).toHaveBeenCalled(), { timeout: 20_000 });
  });

  it('ends its session and itself when the client closes standard input; answers come first [SP-4]', {
    timeout,
  }, async () => {
    const initialize = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'pipe', version: '1' } },
    };
    const batch = [
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'fix_echo', arguments: { text: 'piped' } } },
    ];
    const input = `${JSON.stringify(initialize)}\nthis is no message\n${JSON.stringify(batch)}\n`;
    const { code, stdout } = await runProgram(['stdio'], { env: known(), input });
    expect(code).toBe(0);
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)); // nothing but protocol
    expect(messages.map(({ id }) => id).sort()).toEqual([1, 2]);
    expect(JSON.stringify(messages)).toContain('piped');
  });

  it('ends at once with the reason when nothing says where a server is [SP-4] [SP-20]', { timeout }, async () => {
    const { code, stdout, stderr } = await runProgram(['stdio'], { env: home.env });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('fairlead serve');
  });

  it('hands on what the server says of a wrong key [SP-4] [SP-20]', { timeout }, async () => {
    const env = { ...known(), FAIRLEAD_KEY: 'fl_wrong_wrong_wrong_wrong_wrong_wrong' };
    await expect(bridged('sessions', env)).rejects.toThrow(/key|credential/i);
  });
});
