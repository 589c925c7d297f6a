import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { caller, closeCallers, textOf } from '../clients.ts';
import { type Shelter, serveShelter, shelterFile } from '../fixtures/servers/shelter.ts';
import { type Fairlead, startFairlead } from '../harness.ts';

// An API that openapi-backend serves from a document: it checks each request against the document, so that what it
// answers was asked rightly.

const secret = () => randomBytes(15).toString('hex');
const secrets = { token: secret(), key: `${secret()}/+ &=`, clerk: `clerk:${secret()}` };
let fairlead: Fairlead;
let shelter: Shelter;
let viewer: string;
let developer: string;
const logged: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'fairlead-openapi-'));

beforeAll(async () => {
  shelter = await serveShelter(secrets);
  copyFileSync(shelterFile, join(folder, 'shelter.yaml'));
  const baseUrl = `${shelter.url}/api/v2`;
  fairlead = await startFairlead({
    log: { write: (line) => void logged.push(line) },
    config: {
      upstreams: {
        shelter: { openapi: join(folder, 'shelter.yaml'), baseUrl, secrets },
        cats: { openapi: shelter.documentUrl, baseUrl, secrets, select: { operations: ['getAnimal', 'no*'] } },
        office: {
          openapi: shelter.documentUrl,
          select: { tags: ['office'], exclude: { operations: ['POST /teapot'] } },
          secrets: { token: secrets.token },
          headers: { 'x-office': 'yes' },
        },
        moved: { openapi: `${shelter.url}/nowhere.yaml`, startTimeoutMs: 1_000 },
      },
    },
  });
  viewer = await fairlead.makeKey(['viewer']);
  developer = await fairlead.makeKey(['developer']);
});
beforeEach(() => {
  shelter.seen.length = 0;
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  await shelter?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function call(tool: string, args: Record<string, unknown> = {}, key?: string) {
  const path = `/api/v1/tools/${encodeURIComponent(tool)}/call`;
  const response = await fairlead.request(path, { json: { arguments: args }, ...(key ? { key } : {}) });
  return { status: response.status, ...(await response.json()) };
}

async function statusOf(name: string) {
  return (await fairlead.request(`/api/v1/upstreams/${name}`)).json();
}

async function until<T>(what: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await what();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not come to pass');
}

describe('a document', () => {
  it('becomes a toolset, and what cannot be called says why [CA-3]', async () => {
    expect(await statusOf('shelter')).toMatchObject({
      state: 'live',
      transport: 'openapi',
      era: 'OpenAPI 3.0.3',
      tools: 12,
    });
    const { refused, leftOut } = await statusOf('shelter');
    expect(refused).toEqual([
      {
        kind: 'tool',
        name: 'importLedger',
        reason: 'a body of a kind that cannot be sent',
        detail: '"application/xml"',
      },
      {
        kind: 'tool',
        name: 'listPartners',
        reason: 'a reference to another document',
        detail: expect.stringContaining('./partners.yaml#/Partner'),
      },
      {
        kind: 'tool',
        name: 'pressReview',
        reason: 'another host than that of the API',
        detail: expect.stringContaining('https://press.example.com'),
      },
      {
        kind: 'tool',
        name: 'openVault',
        reason: 'a secret that is not given',
        detail: expect.stringContaining('certificate'),
      },
    ]);
    // Callers are not told with every listing what was never going to be a tool.
    expect(leftOut).toBeUndefined();
  });

  it('is selected from by tag and by operation, and names what matched nothing [CA-3]', async () => {
    expect(await statusOf('cats')).toMatchObject({ tools: 1, refused: [{ name: 'operation "no*"' }] });
    const { refused, tools } = await statusOf('office');
    expect(tools).toBe(2);
    expect(refused.map(({ name }: { name: string }) => name)).toEqual(['donate', 'writeNote']);
  });

  it('that is not there costs only its own toolset [CA-3]', async () => {
    const { state, reason, detail } = await statusOf('moved');
    expect({ state, reason, detail }).toEqual({
      state: 'failing',
      reason: 'its OpenAPI document cannot be read',
      detail: 'its address answered with HTTP 404',
    });
  });
});

describe('a tool of an API', () => {
  it('has its arguments in one schema and says by its method what it does [CA-3]', async () => {
    const client = await caller(fairlead, 'modern');
    const { tools } = await client.listTools();
    const tool = (name: string) => tools.find((each) => each.name === `shelter_${name}`);
    expect(tool('list_animals')).toMatchObject({
      title: 'List animals',
      description: 'List animals\n\nThose that wait, page by page.',
      annotations: { readOnlyHint: true, idempotentHint: true },
      inputSchema: {
        type: 'object',
        additionalProperties: false,
        properties: { page: { type: 'integer', minimum: 1, default: 1, description: 'Which page' }, 'X-Shelter': {} },
      },
    });
    expect(tool('add_animal')).toMatchObject({
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false },
      inputSchema: {
        required: ['name'],
        properties: {
          name: { type: 'string', maxLength: 40 },
          kind: { type: ['string', 'null'], enum: ['cat', 'dog', 'other', null] },
        },
      },
    });
    expect(Object.keys(tool('add_animal')?.inputSchema.properties ?? {})).not.toContain('id');
    expect(tool('replace_animal')).toMatchObject({
      annotations: { destructiveHint: true, idempotentHint: true },
      inputSchema: { required: ['id', 'body'] },
    });
    expect(tool('remove_animal')).toMatchObject({
      description: expect.stringMatching(/^Deprecated\. /),
      annotations: { destructiveHint: true, idempotentHint: true },
    });
  });

  it('is called by MCP and REST as the document says, with the secret that it asks for [CA-3]', async () => {
    const client = await caller(fairlead, 'sessions');
    const listed = await client.callTool({
      name: 'shelter_list_animals',
      arguments: { page: 3, kinds: ['cat', 'dog'], born: { after: '2020' }, 'X-Shelter': 'north' },
    });
    expect(listed.structuredContent).toEqual({ result: [{ id: 5, name: 'Animal 5', kind: 'cat' }] });
    expect(JSON.parse(textOf(listed))).toEqual([{ id: 5, name: 'Animal 5', kind: 'cat' }]);
    const [seen] = shelter.seen;
    expect(seen?.url).toBe('/api/v2/animals?page=3&kinds=cat,dog&born%5Bafter%5D=2020');
    expect(seen?.headers).toMatchObject({ authorization: `Bearer ${secrets.token}`, 'x-shelter': 'north' });

    const added = await call('shelter.add_animal', { name: 'Mia', kind: null, mother: { name: 'Lea' } });
    expect(added).toMatchObject({
      status: 200,
      outcome: 'ok',
      result: { structuredContent: { id: 6, name: 'Mia', mother: { name: 'Lea' } } },
    });
    const replaced = await call('shelter.replace_animal', { id: 2, body: { id: 2, name: 'Tom' } });
    expect(replaced.result.structuredContent).toEqual({ id: 2, name: 'Tom' });
    expect((await call('shelter.remove_animal', { id: 2 })).result.content).toEqual([
      { type: 'text', text: 'The API answered 204 No Content.' },
    ]);
  });

  it('sends forms, files and plain text, and takes bytes [CA-3]', async () => {
    const donated = await call('shelter.donate', { cents: 500, for: ['cats & dogs', 'roof'] });
    expect(donated.result.content).toEqual([{ type: 'text', text: 'thank you' }]);
    expect(shelter.seen[0]?.body.toString()).toBe('cents=500&for=cats%20%26%20dogs&for=roof');

    const photo = Buffer.from([137, 80, 78, 71, 0, 255]);
    const set = await call('shelter.set_photo', { id: 1, photo: photo.toString('base64'), caption: 'asleep' });
    expect(set).toMatchObject({ outcome: 'ok' });
    const { headers, body } = shelter.seen[1] ?? {};
    const form = await new Response(new Uint8Array(body ?? []), {
      headers: { 'content-type': headers?.['content-type'] ?? '' },
    }).formData();
    const file = form.get('photo') as File;
    expect([file.type, Buffer.from(await file.arrayBuffer()), form.get('caption')]).toEqual([
      'image/png',
      photo,
      'asleep',
    ]);

    expect(await call('shelter.write_note', { name: 'a/b c', body: 'hello' })).toMatchObject({ outcome: 'ok' });
    expect(shelter.seen[2]?.url).toMatch(/^\/api\/v2\/notes\/a%2Fb%20c\?key=/);
    expect(shelter.seen[2]?.body.toString()).toBe('hello');

    const got = await call('shelter.get_photo', { id: 1 });
    expect(got.result.content).toEqual([
      { type: 'image', mimeType: 'image/png', data: expect.stringMatching(/^iVBOR/) },
    ]);
  });

  it('is refused before the API sees it where the arguments do not fit [CA-3] [SP-13]', async () => {
    for (const [tool, args] of [
      ['shelter.get_animal', { id: 'one' }],
      ['shelter.get_animal', { id: 1, extra: 1 }],
      ['shelter.add_animal', { kind: 'cat' }],
      ['shelter.donate', { cents: 0 }],
    ] as const) {
      expect(await call(tool, args)).toMatchObject({ status: 400, outcome: 'invalid' });
    }
    for (const name of ['..', '.', '']) {
      expect(await call('shelter.write_note', { name, body: 'x' })).toMatchObject({
        outcome: 'invalid',
        error: { code: 'UPSTREAM_INVALID_PARAMS' },
      });
    }
    expect(shelter.seen).toEqual([]);
  });

  it('is subject to policy by what its method does [CA-3] [SP-15]', async () => {
    expect(await call('shelter.get_animal', { id: 1 }, viewer)).toMatchObject({ outcome: 'ok' });
    expect(await call('shelter.add_animal', { name: 'x' }, viewer)).toMatchObject({ status: 404 });
    expect(await call('shelter.add_animal', { name: 'x' }, developer)).toMatchObject({ outcome: 'ok' });
    expect(await call('shelter.remove_animal', { id: 1 }, developer)).toMatchObject({ status: 404 });
  });
});

describe('what an API refuses', () => {
  it('ends as an error of the tool, with its words and what to do [CA-3]', async () => {
    const missing = await call('shelter.get_animal', { id: 99 });
    expect(missing).toMatchObject({
      outcome: 'tool_error',
      result: { isError: true, structuredContent: { status: 404, message: 'Not Found: no animal has this id' } },
    });
    expect(missing.result.content[0].text).toBe(
      'The API answered 404 Not Found: Not Found: no animal has this id. Check the names and ids in the arguments: there is ' +
        'no such thing, or the credentials may not see it.',
    );
    expect(shelter.seen).toHaveLength(1);
  });

  it.each([
    [401, /credentials that Fairlead has for this API do not count/],
    [422, /Correct the arguments/],
    [301, /It points to https:\/\/elsewhere\.example\.com\/teapot\. This tool does not go there/],
    [500, /Try again later\. The change may have been made/],
  ])('says what to do about %i, and does not ask twice for a change [CA-3]', async (status, said) => {
    const { outcome, result } = await call('shelter.brew', { status });
    expect(outcome).toBe('tool_error');
    expect(result.content[0].text).toMatch(said);
    expect(result.structuredContent.status).toBe(status);
    expect(shelter.seen).toHaveLength(1);
  });

  it.each([429, 403])('waits no longer than is sensible where the rate is limited by %i [CA-3]', async (status) => {
    const { outcome, result } = await call('shelter.weather', { status });
    expect(outcome).toBe('tool_error');
    const wait = status === 429 ? 30 : 60;
    expect(result.structuredContent).toMatchObject({ status, retryAfter: wait });
    expect(result.content[0].text).toContain(`Wait ${wait} s, then call again with fewer calls at once.`);
    expect(shelter.seen).toHaveLength(1);
  });

  it('is asked for again where that does no harm, and told as it was at last [CA-3]', async () => {
    const { outcome, result } = await call('shelter.weather', { status: 503 });
    expect(outcome).toBe('tool_error');
    expect(result.structuredContent.status).toBe(503);
    expect(shelter.seen).toHaveLength(3);
  });
});

describe('pages', () => {
  it('are linked by the arguments that lead to the next one [CA-3]', async () => {
    const client = await caller(fairlead, 'modern');
    const seen: unknown[] = [];
    let args: Record<string, unknown> | undefined = {};
    while (args) {
      const page = await client.callTool({ name: 'shelter_list_animals', arguments: args });
      seen.push(...(page.structuredContent as { result: unknown[] }).result);
      const next = page._meta?.['dev.fairlead/next'] as { arguments: Record<string, unknown> } | undefined;
      if (next) expect(textOf(page)).toContain(`call again with ${JSON.stringify(next.arguments)}`);
      args = next && { ...args, ...next.arguments };
    }
    expect(seen).toHaveLength(5);
  });

  it('are linked by a cursor in the body, too [CA-3]', async () => {
    const first = await call('shelter.search_notes', { q: 'x' });
    expect(first.result._meta).toEqual({ 'dev.fairlead/next': { arguments: { page_token: 'tok-2' } } });
    const second = await call('shelter.search_notes', { q: 'x', page_token: 'tok-2' });
    expect(second.result._meta).toBeUndefined();
    expect(second.result.content).toHaveLength(1);
  });
});

describe('at run time', () => {
  it('an API is reached only where the SSRF guard lets it be, its document included [CA-3] [SP-9]', async () => {
    const document = {
      openapi: '3.1.0',
      info: { title: 'x', version: '1' },
      servers: [{ url: shelter.url }],
      paths: {},
    };
    const refused = async (settings: unknown) => {
      const response = await fairlead.request('/api/v1/upstreams', { json: { name: 'inside', settings } });
      return { status: response.status, error: await response.json() };
    };
    expect(await refused({ openapi: shelter.documentUrl })).toMatchObject({
      status: 403,
      error: { code: 'EGRESS_BLOCKED' },
    });
    expect(await refused({ openapi: document, baseUrl: shelter.url })).toMatchObject({ status: 403 });
    for (const file of [join(folder, 'shelter.yaml'), 'file:///etc/passwd', '/etc/passwd']) {
      expect(await refused({ openapi: file })).toMatchObject({
        status: 400,
        error: { message: expect.stringContaining('must be a URL or the document itself') },
      });
    }
    expect(shelter.seen).toEqual([]);

    // Where only the document says it, the guard stands at the connection.
    const paths = { '/animals': { get: { operationId: 'listAnimals' } } };
    const added = await fairlead.request('/api/v1/upstreams', {
      json: { name: 'inside', settings: { openapi: { ...document, paths }, trust: 'first-use' } },
    });
    expect(added.status).toBe(201);
    await until(async () => (await statusOf('inside')).state === 'live');
    expect(await call('inside.list_animals')).toMatchObject({
      outcome: 'failed',
      error: { code: 'UPSTREAM_UNAVAILABLE' },
    });
    expect(shelter.seen).toEqual([]);
    await fairlead.request('/api/v1/upstreams/inside', { method: 'DELETE' });
  });

  it('a document is kept with its secrets, tested, changed and hidden [CA-3]', async () => {
    const paths = { '/animals': { get: { operationId: 'listAnimals', security: [{ token: [] }] } } };
    const components = { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } };
    const openapi = { openapi: '3.1.0', info: { title: 'x', version: '1' }, paths, components };
    const settings = {
      openapi,
      baseUrl: 'https://93.184.216.34',
      secrets: { token: secrets.token, other: 'unused1' },
    };
    const tested = await (await fairlead.request('/api/v1/upstreams/test', { json: { settings } })).json();
    expect(tested).toMatchObject({
      ok: true,
      transport: 'openapi',
      tools: 1,
      refused: [{ name: 'secrets.other', reason: 'a secret that the document does not ask for' }],
    });
    expect((await fairlead.request('/api/v1/upstreams', { json: { name: 'kept', settings } })).status).toBe(201);
    const shown = (await statusOf('kept')).settings;
    expect(shown).toMatchObject({ openapi: '***', secrets: { token: '***', other: '***' } });
    // As it was shown, so it can be given back; towards another host the secret has to be given again.
    const change = (settings: unknown) =>
      fairlead.request('/api/v1/upstreams/kept', { method: 'PUT', json: { settings } });
    expect((await change({ ...shown, callTimeoutMs: 5_000 })).status).toBe(200);
    expect((await change({ ...shown, baseUrl: 'https://93.184.216.35' })).status).toBe(400);
    await until(async () => (await statusOf('kept')).tools === 1);
    await fairlead.request('/api/v1/upstreams/kept', { method: 'DELETE' });
  });

  it('secrets go to no host that only the document names [CA-3]', async () => {
    const openapi = `${shelter.url}/openapi.yaml`;
    shelter.document.text = shelter.document.text?.replace('url: /api/{version}', 'url: https://evil.example.com');
    try {
      const config = { lure: { openapi, secrets: { token: secrets.token } } };
      const other = await startFairlead({ config: { upstreams: config } });
      try {
        const status = await (await other.request('/api/v1/upstreams/lure')).json();
        expect(status).toMatchObject({ state: 'failing', detail: expect.stringContaining('set baseUrl') });
      } finally {
        await other.stop();
      }
    } finally {
      shelter.document.text = shelter.document.text?.replace('url: https://evil.example.com', 'url: /api/{version}');
    }
  });
});

it('no secret is found in a result, an audit record or the log [CA-3] [SP-9]', async () => {
  const told = [
    await call('shelter.brew', { status: 500 }),
    await call('shelter.weather', { status: 404 }),
    await call('shelter.write_note', { name: 'x', body: 'y' }),
    await call('shelter.donate', { cents: 1 }),
    await statusOf('shelter'),
    await (await fairlead.request('/api/v1/upstreams')).json(),
    await (await fairlead.request('/api/v1/audit?limit=200')).json(),
    await (await fairlead.request('/metrics')).text(),
    logged,
  ];
  const text = JSON.stringify(told);
  const [user = '', password = ''] = secrets.clerk.split(':');
  expect(user).toBe('clerk');
  for (const value of [secrets.token, secrets.key, encodeURIComponent(secrets.key), password]) {
    expect(text.includes(value), `${value.slice(0, 4)}...`).toBe(false);
  }
  expect(text).not.toContain(Buffer.from(secrets.clerk).toString('base64'));
  expect(text).toContain('I was sent');
});
