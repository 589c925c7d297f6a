import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { caller, closeCallers, textOf } from '../clients.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({
    config: {
      upstreams: { one: { ...fixtureUpstream('legacy'), startTimeoutMs: 20_000 } },
      endpoints: {
        open: { toolsets: ['one'], naming: 'bare', anonymous: 'viewer' },
        closed: { toolsets: ['one'] },
      },
      sessions: { idleMs: 2_000, maxPerPrincipal: 3 },
    },
  });
});
afterEach(closeCallers);
afterAll(() => fairlead?.stop());

const initialize = (protocolVersion = '2025-11-25') => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
});

const accept = { accept: 'application/json, text/event-stream' };

async function open(key = fairlead.adminKey, version = '2025-11-25', path = '/mcp') {
  const response = await fairlead.request(path, { key, json: initialize(version), headers: accept });
  const text = await response.text();
  const id = response.headers.get('mcp-session-id') ?? '';
  const message = JSON.parse(/^data: (\{.*)$/m.exec(text)?.[1] ?? text);
  return { status: response.status, id, message };
}

const send = (id: string, json: unknown, more: { key?: string; version?: string } = {}) =>
  fairlead.request('/mcp', {
    ...(more.key === undefined ? {} : { key: more.key }),
    json,
    headers: { ...accept, 'mcp-session-id': id, 'mcp-protocol-version': more.version ?? '2025-11-25' },
  });

const listTools = { jsonrpc: '2.0', id: 2, method: 'tools/list' };

describe('a session', () => {
  it.each(['2025-11-25', '2025-06-18', '2025-03-26'])('negotiates revision %s [SP-4]', async (version) => {
    const { id, message } = await open(fairlead.adminKey, version);
    expect(message.result.protocolVersion).toBe(version);
    expect(message.result.serverInfo.name).toBe('fairlead');
    expect((await send(id, listTools, { version })).status).toBe(200);
  });

  it('ends with DELETE, and then is not there any more [SP-4]', async () => {
    const { id } = await open();
    const headers = { 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' };
    expect((await fairlead.request('/mcp', { method: 'DELETE', headers })).status).toBe(200);
    const after = await send(id, listTools);
    expect(after.status).toBe(404);
    expect(await after.json()).toMatchObject({ error: { code: -32001 } });
  });

  it('is not there for anybody else, nor on another endpoint [SP-4] [SP-14]', async () => {
    const { id } = await open();
    const other = await fairlead.makeKey(['admin']);
    expect((await send(id, listTools, { key: other })).status).toBe(404);
    const headers = { ...accept, 'mcp-session-id': id };
    expect((await fairlead.request('/mcp/closed', { json: listTools, headers })).status).toBe(404);
    expect((await send(id, listTools)).status).toBe(200);
  });

  it('is reaped when it is idle [SP-4]', async () => {
    const { id } = await open();
    await expect.poll(async () => (await send('none', listTools)).status, { timeout: 1_000 }).toBe(404);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect((await send(id, listTools)).status).toBe(404);
  });

  it('gives way, the idlest first, when its owner opens too many [SP-4]', async () => {
    const key = await fairlead.makeKey(['viewer']);
    const ids = [];
    for (let n = 0; n < 4; n++) ids.push((await open(key)).id);
    const statuses = await Promise.all(ids.map(async (id) => (await send(id, listTools, { key })).status));
    expect(statuses).toEqual([404, 200, 200, 200]);
  });

  it('takes batches in revision 2025-03-26 only, and at most 50 [SP-4]', async () => {
    const old = await open(fairlead.adminKey, '2025-03-26');
    const batch = (length: number) => Array.from({ length }, (_, n) => ({ ...listTools, id: n + 10 }));
    const served = await send(old.id, batch(2), { version: '2025-03-26' });
    expect(served.status).toBe(200);
    expect((await served.text()).match(/"id":1[01]/g)).toHaveLength(2);
    expect((await send(old.id, batch(51), { version: '2025-03-26' })).status).toBe(400);
    const recent = await open();
    expect((await send(recent.id, batch(2))).status).toBe(400);
  });

  it('refuses a second request under an id that has no answer yet, and keeps the first [SP-4] [SP-8]', async () => {
    const { id } = await open();
    const sleep = (requestId: number | string, ms: number) => ({
      jsonrpc: '2.0',
      id: requestId,
      method: 'tools/call',
      params: { name: 'one_sleep', arguments: { ms } },
    });
    const first = await send(id, sleep(7, 1_500));
    const second = await send(id, sleep(7, 1));
    expect(second.status).toBe(400);
    expect(await second.json()).toMatchObject({
      id: null,
      error: { code: -32600, message: expect.stringContaining('id 7 ') },
    });
    expect(await (await send(id, sleep('7', 1))).text()).toContain('slept'); // another id
    expect(await first.text()).toContain('slept');
    expect(await (await send(id, sleep(7, 1))).text()).toContain('slept'); // free again

    const cancelled = await send(id, sleep(8, 20_000));
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 8 } };
    expect((await send(id, cancel)).status).toBe(202);
    expect(await (await send(id, sleep(8, 1))).text()).toContain('slept');
    await cancelled.body?.cancel();

    expect((await send(id, { ...sleep(9, 1), jsonrpc: '1.0' })).status).toBe(400);
    expect(await (await send(id, sleep(9, 1))).text()).toContain('slept'); // the refused one holds nothing
  });

  it('refuses a batch that holds an id twice [SP-4] [SP-8]', async () => {
    const { id } = await open(fairlead.adminKey, '2025-03-26');
    expect((await send(id, [listTools, listTools], { version: '2025-03-26' })).status).toBe(400);
    expect((await send(id, [listTools, { ...listTools, id: 3 }], { version: '2025-03-26' })).status).toBe(200);
  });

  it('ends with its key [SP-14]', async () => {
    const { house } = fairlead.running;
    const created = await house.access.keys.create({
      org: 'default',
      name: 'short',
      roles: ['viewer'],
      createdBy: await house.access.authenticate(fairlead.adminKey),
    });
    const { id } = await open(created.secret);
    const stream = await fairlead.request('/mcp', {
      key: created.secret,
      headers: { accept: 'text/event-stream', 'mcp-session-id': id },
    });
    expect(stream.status).toBe(200);
    await house.access.keys.revoke('default', created.key.id);
    expect((await send(id, listTools, { key: created.secret })).status).toBe(401);
    const reader = stream.body?.getReader();
    const ended = (async () => {
      while (!(await reader?.read())?.done);
      return 'ended';
    })();
    const late = new Promise((resolve) => setTimeout(() => resolve('still open'), 5_000));
    expect(await Promise.race([ended, late])).toBe('ended');
  });
});

describe('an endpoint', () => {
  it('that is open lets callers without a token in, under its role [SP-4]', async () => {
    for (const era of ['sessions', 'modern'] as const) {
      const client = await caller(fairlead, era, { endpoint: 'open', key: null });
      const names = (await client.listTools()).tools.map(({ name }) => name);
      expect(names).toContain('echo');
      expect(names).not.toContain('write'); // a viewer does not see what it may not call
      expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'hello' } }))).toBe('hello');
      await expect(client.callTool({ name: 'write', arguments: {} })).rejects.toMatchObject({ code: -32602 });
      await client.close();
    }
  });

  it('that is not open answers with the challenge of RFC 9728 [SP-14]', async () => {
    const refused = await fairlead.request('/mcp/closed', { key: null, json: initialize(), headers: accept });
    expect(refused.status).toBe(401);
    const url = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1] ?? '';
    const metadata = await fetch(url);
    expect(metadata.status).toBe(200);
    expect(await metadata.json()).toMatchObject({ resource: expect.stringMatching(/\/mcp\/closed$/) });
  });

  it('that does not exist is not found, and one of another organisation neither [SP-4] [SP-14]', async () => {
    expect((await fairlead.request('/mcp/nowhere', { json: initialize(), headers: accept })).status).toBe(404);
    await fairlead.running.house.access.orgs.create({ id: 'rival' });
    const key = await fairlead.makeKey(['admin'], { org: 'rival' });
    expect((await fairlead.request('/mcp/closed', { key, json: initialize(), headers: accept })).status).toBe(404);
  });

  it('serves bare names and URIs as the upstream has them [SP-4]', async () => {
    const client = await caller(fairlead, 'modern', { endpoint: 'open', key: null });
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(['fixture://watched']);
    const { contents } = await client.readResource({ uri: 'fixture://item/7' });
    expect(contents[0]).toMatchObject({ uri: 'fixture://item/7', text: 'a text' });
    const { messages } = await client.getPrompt({ name: 'greet', arguments: { who: 'Ann' } });
    expect(JSON.stringify(messages)).toContain('Greet Ann.');
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: 'greet' },
      argument: { name: 'who', value: 'An' },
    });
    expect(completion.values).toEqual(['An!']);
  });
});
