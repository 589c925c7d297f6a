import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { caller, closeCallers, textOf } from '../clients.ts';
import { type HttpFixture, serveHttpFixture } from '../fixtures/servers/http.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

let fairlead: Fairlead;
let http: HttpFixture;
const eras = ['sessions', 'modern'] as const;

beforeAll(async () => {
  http = await serveHttpFixture('both');
  fairlead = await startFairlead({
    config: {
      upstreams: {
        pipe: { ...fixtureUpstream('legacy'), startTimeoutMs: 20_000 },
        web: { url: http.url, startTimeoutMs: 20_000 },
        everything: { command: 'mcp-server-everything', startTimeoutMs: 20_000 },
      },
      endpoints: { bare: { toolsets: ['everything'], naming: 'bare' } },
    },
  });
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  await http?.stop();
});

/** What a resource link looks like that a tool gave over REST. */
async function linkOverRest(tool: string, endpoint?: string): Promise<string | undefined> {
  const json = { arguments: { count: 1 }, ...(endpoint === undefined ? {} : { endpoint }) };
  const { result } = await (await fairlead.request(`/api/v1/tools/${tool}/call`, { json })).json();
  return result.content.find(({ type }: { type: string }) => type === 'resource_link')?.uri;
}

describe.each(eras)('a client with %s', (era) => {
  it('finds everything that upstreams offer, under prefixed names [SP-5]', async () => {
    const client = await caller(fairlead, era);
    const tools = (await client.listTools()).tools.map(({ name }) => name);
    expect(tools).toContain('pipe_echo');
    expect(tools).toContain('web_echo');
    expect(tools).toContain('everything_get-sum');
    const prompts = (await client.listPrompts()).prompts.map(({ name }) => name);
    expect(prompts).toEqual(expect.arrayContaining(['pipe_greet', 'web_greet', 'everything_simple-prompt']));
    const uris = (await client.listResources()).resources.map(({ uri }) => uri);
    expect(uris).toEqual(expect.arrayContaining(['fairlead://status', 'pipe+fixture://watched']));
    const templates = (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate);
    expect(templates).toContain('web+fixture://item/{id}');
  });

  it('reads, prompts and completes through the prefix [SP-5]', async () => {
    const client = await caller(fairlead, era);
    const { contents } = await client.readResource({ uri: 'web+fixture://item/1' });
    expect(contents[0]?.uri).toBe('web+fixture://item/1');
    const { messages } = await client.getPrompt({ name: 'pipe_greet', arguments: { who: 'Bob' } });
    expect(JSON.stringify(messages)).toContain('Greet Bob.');
    const template = await client.complete({
      ref: { type: 'ref/resource', uri: 'pipe+fixture://item/{id}' },
      argument: { name: 'id', value: '4' },
    });
    expect(template.completion.values).toEqual(['4!']);
  });

  it('gets resource links and embedded resources with URIs that it can read here [SP-5]', async () => {
    const client = await caller(fairlead, era);
    const links = await client.callTool({ name: 'everything_get-resource-links', arguments: { count: 2 } });
    const link = (links.content as { type: string; uri?: string }[]).find(({ type }) => type === 'resource_link');
    expect(link?.uri).toMatch(/^everything\+demo:/);
    expect(await linkOverRest('everything.get-resource-links')).toBe(link?.uri);
    await expect(client.readResource({ uri: link?.uri ?? '' })).resolves.toBeDefined();
    const embedded = await client.callTool({
      name: 'everything_get-resource-reference',
      arguments: { resourceType: 'Text', resourceId: 1 },
    });
    expect(JSON.stringify(embedded.content)).toContain('"uri":"everything+demo:');
    const prompt = await client.getPrompt({
      name: 'everything_resource-prompt',
      arguments: { resourceType: 'Text', resourceId: '1' },
    });
    expect(JSON.stringify(prompt.messages)).toContain('"uri":"everything+demo:');
  });

  it('gets the URIs as their owner has them where an endpoint says so [SP-4] [SP-5]', async () => {
    const client = await caller(fairlead, era, { endpoint: 'bare' });
    const links = await client.callTool({ name: 'get-resource-links', arguments: { count: 1 } });
    const link = (links.content as { type: string; uri?: string }[]).find(({ type }) => type === 'resource_link');
    expect(link?.uri).toMatch(/^demo:/);
    await expect(client.readResource({ uri: link?.uri ?? '' })).resolves.toBeDefined();
    expect(await linkOverRest('get-resource-links', 'bare')).toBe(link?.uri);
  });

  it('calls by canonical id as well as by wire name [SP-5]', async () => {
    const client = await caller(fairlead, era);
    expect(textOf(await client.callTool({ name: 'pipe.echo', arguments: { text: 'both' } }))).toBe('both');
    expect(textOf(await client.callTool({ name: 'pipe_echo', arguments: { text: 'both' } }))).toBe('both');
  });

  it('keeps what the upstream put on its result, and learns the id of the call [SP-5] [SP-17]', async () => {
    const client = await caller(fairlead, era);
    const result = await client.callTool({ name: 'web_echo', arguments: { text: 'x' } });
    expect(result._meta?.['dev.fairlead/callId']).toMatch(/^call_/);
    expect(result).toMatchObject({ fixture_extra: { kept: true } });
  });

  it('hears that a list changed, and then sees the change [SP-5]', async () => {
    let told = 0;
    const client = await caller(fairlead, era, {
      options: { listChanged: { tools: { onChanged: () => void told++, autoRefresh: false } } },
    });
    const before = (await client.listTools(undefined, { cacheMode: 'bypass' })).tools.length;
    await client.callTool({ name: 'web_grow', arguments: {} });
    await expect.poll(() => told, { timeout: 15_000 }).toBeGreaterThan(0);
    await expect
      .poll(async () => (await client.listTools(undefined, { cacheMode: 'bypass' })).tools.length)
      .toBeGreaterThan(before);
  });

  it('hears that a resource changed which it watches, by the URI it knows [SP-5]', async () => {
    const client = await caller(fairlead, era);
    const updates: string[] = [];
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => void updates.push(params.uri));
    const uri = 'web+fixture://watched';
    const listening = era === 'modern' ? await client.listen({ resourceSubscriptions: [uri] }) : undefined;
    if (era === 'sessions') await client.subscribeResource({ uri });
    await expect
      .poll(
        async () => {
          await client.callTool({ name: 'web_touch', arguments: {} });
          return updates[0];
        },
        { timeout: 15_000, interval: 500 },
      )
      .toBe(uri);
    await listening?.close();
  });

  it('is refused a subscription to what it may not read or what is not there [SP-5]', async () => {
    const client = await caller(fairlead, era);
    if (era === 'modern') {
      await expect(client.listen({ resourceSubscriptions: ['nobody+x://y'] })).rejects.toThrow();
    } else await expect(client.subscribeResource({ uri: 'nobody+x://y' })).rejects.toThrow();
  });

  it('gets log messages of its own call [SP-5]', async () => {
    const client = await caller(fairlead, era);
    const heard: unknown[] = [];
    client.setNotificationHandler('notifications/message', ({ params }) => void heard.push(params.data));
    const meta = era === 'modern' ? { _meta: { 'io.modelcontextprotocol/logLevel': 'debug' } } : {};
    await client.callTool({ name: 'web_log', arguments: { text: `for ${era}` }, ...meta });
    await expect.poll(() => heard).toContain(`for ${era}`);
  });

  it('is told what a refused call can do next [SP-17]', async () => {
    const client = await caller(fairlead, era);
    const invalid = await client.callTool({ name: 'everything_get-sum', arguments: { a: 'one' } });
    expect(invalid.isError).toBe(true);
    expect(invalid._meta?.['dev.fairlead/error']).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      category: 'validation',
      retryable: false,
      suggestedAction: expect.any(String),
      callId: expect.stringMatching(/^call_/),
    });
    await expect(client.callTool({ name: 'nope', arguments: {} })).rejects.toMatchObject({ code: -32602 });
  });
});

describe('a list of more than one page', () => {
  it('is walked by cursors, each item once, and a made-up cursor is refused [SP-5]', async () => {
    const { catalog } = fairlead.running.house;
    const many = Array.from({ length: 2_300 }, (_, n) => ({ name: `tool-${n}`, inputSchema: { type: 'object' } }));
    const facts = { trustAnnotations: true, tools: {}, callTimeoutMs: 1_000 };
    catalog.provide('many', { tools: many, prompts: [], resources: [], templates: [] }, facts);
    try {
      const client = await caller(fairlead, 'sessions');
      const names: string[] = [];
      let cursor: string | undefined;
      let pages = 0;
      do {
        const page = await client.request({ method: 'tools/list', params: cursor === undefined ? {} : { cursor } });
        names.push(...page.tools.map(({ name }) => name).filter((name) => name.startsWith('many_')));
        cursor = page.nextCursor;
        pages++;
      } while (cursor !== undefined);
      expect(pages).toBe(3);
      expect(names).toHaveLength(2_300);
      expect(new Set(names).size).toBe(2_300);
      const wrong = client.request({ method: 'tools/list', params: { cursor: 'bm90LW9uZS1vZi1vdXJz' } });
      await expect(wrong).rejects.toMatchObject({ code: -32602 });
    } finally {
      catalog.provide('many', { tools: [], prompts: [], resources: [], templates: [] }, facts);
    }
  });
});

describe('what Fairlead says about its upstreams', () => {
  it('stands in fairlead://status [SP-10]', async () => {
    const client = await caller(fairlead, 'modern');
    const { contents } = await client.readResource({ uri: 'fairlead://status' });
    const status = JSON.parse((contents[0] as { text: string }).text);
    expect(status.toolsets.map(({ toolset }: { toolset: string }) => toolset)).toEqual(
      expect.arrayContaining(['pipe', 'web', 'everything']),
    );
    expect(status.toolsets[0]).toMatchObject({ state: 'live' });
  });
});
