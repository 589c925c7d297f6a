import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { caller, closeCallers, textOf } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';

// Endpoints: who sees which tools there, under which names, and how the others are found.

let fairlead: Fairlead;
const string = { type: 'string' };
const schema = (...names: string[]) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, string])),
  required: names,
});
const project = { type: 'string', enum: ['SHOP', 'OTHER'] };
const knotty = {
  name: 'knotty',
  inputSchema: {
    type: 'object',
    $ref: '#/$defs/arguments',
    properties: { project, title: string },
    required: ['project', 'title'],
    dependentRequired: { project: ['title'], title: ['project'] },
    allOf: [{ properties: { project: { const: 'SHOP' } } }, { anyOf: [{ required: ['project'] }, {}] }],
    examples: [{ project: 'SHOP', title: 'x' }],
    $defs: { arguments: { properties: { project } }, other: { type: 'string' } },
  },
};
const tickets = listedUpstream([
  { name: 'create_ticket', inputSchema: schema('project', 'title') },
  { name: 'search_tickets', inputSchema: schema('query'), annotations: { readOnlyHint: true } },
  { name: 'delete_ticket', inputSchema: schema('id') },
  knotty as never,
  { name: 'long', description: `Begin ${'very long '.repeat(400)}end`, annotations: { readOnlyHint: true } } as never,
]);
const weather = listedUpstream([
  { name: 'forecast', inputSchema: schema('city'), annotations: { readOnlyHint: true, title: 'Weather forecast' } },
]);
const owned = ['search_tools', 'describe_tool', 'call_tool'];

beforeAll(async () => {
  fairlead = await startFairlead({
    config: {
      upstreams: {
        tickets: {
          ...tickets,
          tools: {
            knotty: { examples: [{ intent: 'a bug', arguments: { project: 'SHOP', title: 'x' } }] },
            delete_ticket: { tags: ['danger'], whenToUse: 'To remove a ticket for good.', cost: { units: 5 } },
          },
        },
        weather,
      },
      endpoints: {
        reading: { include: [{ annotations: { readOnly: true } }], exclude: [{ toolsets: ['weather'] }] },
        tagged: { include: [{ tags: ['danger'] }, { tools: ['weather.*'] }] },
        found: { disclosure: 'search', pinned: ['weather.forecast'], instructions: 'Ask before you delete.' },
        quiet: { toolsets: ['tickets'], tools: { 'tickets.knotty': { fixed: { project: 'SHOP' } } } },
        broken: { toolsets: ['tickets'], tools: { 'tickets.knotty': { fixed: { project: 'SECRET' } } } },
        shaped: {
          toolsets: ['tickets'],
          tools: {
            'tickets.create_ticket': {
              name: 'report_bug',
              title: 'Report a bug',
              description: 'Reports a bug of the shop.',
              fixed: { project: 'SHOP' },
            },
            'tickets.search_tickets': { annotations: { readOnly: false, destructive: true } },
          },
        },
      },
    },
  });
});
afterEach(closeCallers);
afterAll(() => fairlead?.stop());

const namesAt = async (endpoint: string | undefined, key = fairlead.adminKey) => {
  const client = await caller(fairlead, 'modern', { key, ...(endpoint === undefined ? {} : { endpoint }) });
  return (await client.listTools()).tools.map(({ name }) => name).sort();
};
const knock = async (endpoint: string, key = fairlead.adminKey) => {
  const headers = { accept: 'application/json, text/event-stream' };
  const json = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const response = await fairlead.request(`/mcp/${endpoint}`, { key, json, headers });
  return [response.status, (await response.json()).error.message];
};
const rest = async (path: string, init?: Parameters<Fairlead['request']>[1]) => {
  const response = await fairlead.request(`/api/v1${path}`, init);
  return { status: response.status, body: response.status === 204 ? undefined : await response.json() };
};

describe('an endpoint', () => {
  it('selects by toolset, tool, tag and annotation, and leaves out [CA-1]', async () => {
    expect(await namesAt('reading')).toEqual(['tickets_long', 'tickets_search_tickets']);
    expect(await namesAt('tagged')).toEqual(['tickets_delete_ticket', 'weather_forecast']);
    const client = await caller(fairlead, 'modern', { endpoint: 'reading' });
    await expect(client.callTool({ name: 'weather_forecast', arguments: { city: 'x' } })).rejects.toThrow('no tool');
  });

  it('shows tools its own way, and calls them as they are [CA-1]', async () => {
    const client = await caller(fairlead, 'sessions', { endpoint: 'shaped' });
    const { tools } = await client.listTools();
    const bug = tools.find(({ name }) => name === 'report_bug');
    expect(bug).toMatchObject({
      title: 'Report a bug',
      description: 'Reports a bug of the shop.',
      inputSchema: { properties: { title: string }, required: ['title'] },
    });
    expect(Object.keys(bug?.inputSchema.properties ?? {})).toEqual(['title']);
    expect(tools.find(({ name }) => name === 'tickets_search_tickets')?.annotations).toMatchObject({
      readOnlyHint: false,
      destructiveHint: true,
    });
    const done = await client.callTool({ name: 'report_bug', arguments: { title: 'It breaks' } });
    expect(JSON.parse(textOf(done))).toEqual({ project: 'SHOP', title: 'It breaks' });
    const refused = await client.callTool({ name: 'report_bug', arguments: { title: 'x', project: 'OTHER' } });
    expect(textOf(refused)).toContain('sets these arguments of tickets.create_ticket itself: project');
    const { body } = await rest('/audit?kind=call&limit=5');
    expect(body.records.find(({ outcome }: { outcome: string }) => outcome === 'ok')).toMatchObject({
      tool: 'tickets.create_ticket',
      endpoint: 'shaped',
      arguments: { project: 'SHOP', title: 'It breaks' },
    });
    // What an endpoint calls dangerous is kept from those who may only read.
    expect(await namesAt('shaped', await fairlead.makeKey(['viewer']))).toEqual(['tickets_long']);
  });

  it('says nothing of what it sets itself, wherever a definition speaks of it [CA-1]', async () => {
    const client = await caller(fairlead, 'modern', { endpoint: 'quiet' });
    const listed = (await client.listTools()).tools.find(({ name }) => name === 'tickets_knotty');
    expect(listed?.inputSchema).toMatchObject({ properties: { title: string }, $defs: { other: string } });
    const described = await client.callTool({ name: 'describe_tool', arguments: { name: 'tickets_knotty' } });
    const { body } = await rest('/tools/tickets.knotty?endpoint=quiet');
    for (const told of [listed, described, body]) expect(JSON.stringify(told)).not.toMatch(/project|SHOP/);
    const done = await client.callTool({ name: 'tickets_knotty', arguments: { title: 'x' } });
    expect(JSON.parse(textOf(done))).toEqual({ project: 'SHOP', title: 'x' });
    const broken = await caller(fairlead, 'modern', { endpoint: 'broken' });
    const refused = textOf(await broken.callTool({ name: 'tickets_knotty', arguments: { title: 'x' } }));
    expect(refused).toContain('what this endpoint sets itself does not fit');
    expect(refused).not.toMatch(/project|SHOP|SECRET/);
  });

  it('cuts long descriptions in the listing, and tells the whole on demand [CA-9]', async () => {
    const client = await caller(fairlead, 'modern');
    const { tools } = await client.listTools();
    const cut = tools.find(({ name }) => name === 'tickets_long')?.description ?? '';
    expect(cut.length).toBeLessThanOrEqual(2_048);
    expect(cut).toContain('describe_tool');
    const { structuredContent } = await client.callTool({ name: 'describe_tool', arguments: { name: 'tickets_long' } });
    expect((structuredContent as { description: string }).description).toMatch(/end$/);
  });

  it('are listed with others served in between, however many there are [CA-1]', async () => {
    const names = Array.from({ length: 30 }, (_, n) => `crowd-${n}`);
    for (const name of names)
      await rest(`/endpoints/${name}`, { method: 'PUT', json: { settings: { toolsets: ['tickets'] } } });
    let turns = 0;
    let counting = true;
    const count = () => {
      turns++;
      if (counting) setImmediate(count);
    };
    const list = fairlead.running.house.gateway.list;
    const turnsAt: number[] = [];
    fairlead.running.house.gateway.list = (principal, origin) => {
      turnsAt.push(turns);
      return list(principal, origin);
    };
    count();
    const { body } = await rest('/endpoints');
    counting = false;
    fairlead.running.house.gateway.list = list;
    expect(body.endpoints.length).toBeGreaterThanOrEqual(30);
    expect(new Set(turnsAt).size).toBeGreaterThanOrEqual(30);
    for (const name of names) await rest(`/endpoints/${name}`, { method: 'DELETE' });
  });

  it('is added, changed and removed while the server runs, and limited by policy [CA-1]', async () => {
    const settings = { toolsets: ['weather'], disclosure: 'search', instructions: 'Only the weather.' };
    const added = await rest('/endpoints/sky', { method: 'PUT', json: { settings } });
    expect([added.status, added.body]).toMatchObject([200, { path: '/mcp/sky', source: 'runtime', tools: 1 }]);
    expect(await namesAt('sky')).toEqual(owned.toSorted());
    await rest('/endpoints/sky', { method: 'PUT', json: { settings: { toolsets: ['weather'] } } });
    expect(await namesAt('sky')).toEqual(['weather_forecast']);

    const viewer = await fairlead.makeKey(['viewer']);
    const policy = `forbid (principal in Role::"viewer", action, resource)
      when { context has endpoint && context.endpoint == "sky" && resource.toolset != "fairlead" };`;
    await rest('/policies/no-sky', { method: 'PUT', json: { text: policy } });
    expect(await knock('sky', viewer)).toEqual([404, expect.stringContaining('There is no endpoint "sky"')]);
    const seen = await rest('/endpoints', { key: viewer });
    expect(seen.body.endpoints.map(({ name }: { name: string }) => name)).toEqual([
      'broken',
      'found',
      'quiet',
      'reading',
      'shaped',
      'tagged',
    ]);
    expect(JSON.stringify(seen.body)).not.toContain('SHOP');
    await rest('/policies/no-sky', { method: 'DELETE' });

    expect((await rest('/endpoints/sky', { key: viewer, method: 'DELETE' })).status).toBe(403);
    expect((await rest('/endpoints/found', { method: 'DELETE' })).body.code).toBe('ENDPOINT_DECLARED');
    const bad = await rest('/endpoints/Bad_Name', { method: 'PUT', json: { settings: { disclosure: 'all', x: 1 } } });
    expect([bad.status, bad.body.message]).toEqual([400, expect.stringMatching(/name:.*disclosure:.*x/s)]);
    expect((await rest('/endpoints/sky', { method: 'DELETE' })).status).toBe(204);
    expect(await knock('sky')).toEqual([404, expect.stringContaining('There is no endpoint "sky"')]);
    expect((await rest('/endpoints/sky', { method: 'DELETE' })).status).toBe(404);
  });

  it('tells what is known of a tool beside its definition [CA-2]', async () => {
    const client = await caller(fairlead, 'modern');
    await client.callTool({ name: 'tickets_delete_ticket', arguments: { id: '1' } });
    const known = { whenToUse: 'To remove a ticket for good.', cost: { units: 5 }, tags: ['danger'] };
    const latency = { calls: 1, p50Ms: expect.any(Number), p95Ms: expect.any(Number) };
    const { tools } = await (await caller(fairlead, 'sessions')).listTools();
    const listed = tools.find(({ name }) => name === 'tickets_delete_ticket');
    expect(listed?._meta?.['dev.fairlead/tool']).toEqual({ ...known, latency });
    const { structuredContent } = await client.callTool({
      name: 'describe_tool',
      arguments: { name: 'tickets.delete_ticket' },
    });
    expect(structuredContent).toMatchObject({
      ...known,
      name: 'tickets_delete_ticket',
      annotations: { destructive: true },
    });
    expect((await rest('/tools/tickets.delete_ticket')).body).toMatchObject({ ...known, latency });
  });
});

describe.each(['sessions', 'modern'] as const)('an endpoint that is searched, by a client with %s', (era) => {
  const at = (key = fairlead.adminKey) => caller(fairlead, era, { endpoint: 'found', key });
  const search = async (client: Awaited<ReturnType<typeof at>>, query: string) => {
    const { structuredContent } = await client.callTool({ name: 'search_tools', arguments: { query } });
    return (structuredContent as { tools: { name: string; toolset: string; score: number }[] }).tools;
  };

  it('lists three tools and what is pinned, and says how to find the others [CA-5]', async () => {
    const client = await at();
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([...owned, 'weather_forecast']);
    expect(client.getInstructions()).toContain('search_tools');
    expect(client.getInstructions()).toContain('Ask before you delete.');
    expect(await namesAt(undefined)).not.toContain('search_tools');
  });

  it('finds a tool by what is wanted, and calls it under its own name [CA-5]', async () => {
    const client = await at();
    const [best] = await search(client, 'open a new ticket');
    expect(best).toMatchObject({ name: 'tickets_create_ticket', toolset: 'tickets', score: expect.any(Number) });
    const args = { project: 'SHOP', title: `by ${era}` };
    const called = await client.callTool({ name: 'call_tool', arguments: { name: best?.name ?? '', arguments: args } });
    expect(JSON.parse(textOf(called))).toEqual(args);
    const { body } = await rest('/audit?kind=call&limit=1');
    expect(body.records[0]).toMatchObject({
      tool: 'tickets.create_ticket',
      arguments: args,
      endpoint: 'found',
      outcome: 'ok',
    });
    const invalid = await client.callTool({ name: 'call_tool', arguments: { name: 'tickets_create_ticket' } });
    expect([invalid.isError, textOf(invalid)]).toEqual([true, expect.stringContaining('tickets.create_ticket')]);
    const nothing = await client.callTool({ name: 'call_tool', arguments: { name: 'call_tool', arguments: {} } });
    expect([nothing.isError, textOf(nothing)]).toEqual([true, expect.stringContaining('Call search_tools')]);
  });

  it('neither finds, describes nor calls what policy hides [CA-5]', async () => {
    const client = await at(await fairlead.makeKey(['viewer']));
    const found = (await search(client, 'create delete ticket')).map(({ name }) => name);
    expect(found).toContain('tickets_search_tickets');
    for (const hidden of ['tickets_create_ticket', 'tickets_delete_ticket']) {
      expect(found).not.toContain(hidden);
      const about = await client.callTool({ name: 'describe_tool', arguments: { name: hidden } });
      expect(textOf(about)).toContain(`There is no tool "${hidden}" here`);
      const called = await client.callTool({ name: 'call_tool', arguments: { name: hidden, arguments: { id: '1' } } });
      expect([called.isError, textOf(called)]).toEqual([
        true,
        expect.stringContaining(`There is no tool "${hidden}" here`),
      ]);
    }
  });
});
