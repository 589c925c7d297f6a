import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintTool } from '../../src/capabilities/catalog/index.ts';
import { caller, closeCallers } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';

// A page that an agent names comes into a collection; and where the settings say so, the agent's own model answers from it.

const page = `<!doctype html><title>Moorings</title><nav>Home</nav><main><h1>Moorings</h1>
<p>Lines are made fast with a round turn and two half hitches.</p><p>The bollard <code>B-17</code> is out of use.</p></main>`;

let site: Server;
let base: string;
let fairlead: Fairlead;
const visited: string[] = [];

const answers: Record<string, [status: number, headers: Record<string, string>, body: string]> = {
  '/moorings.html': [200, { 'content-type': 'text/html; charset=utf-8' }, page],
  '/bollards.txt': [200, { 'content-type': 'text/plain' }, 'The bollard B-18 bears forty tonnes.'],
  '/moved': [302, { location: '/moorings.html' }, ''],
  '/inwards': [302, { location: 'http://169.254.169.254/latest/meta-data' }, ''],
  '/picture.html': [200, { 'content-type': 'image/png' }, 'not for reading'],
  '/huge': [200, { 'content-type': 'text/plain', 'content-length': String(51 * 1024 * 1024) }, 'x'],
};

beforeAll(async () => {
  site = createServer((request, response) => {
    visited.push(String(request.url));
    const [status, headers, body] = answers[String(request.url)] ?? [404, {}, ''];
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  fairlead = await startFairlead({
    config: {
      egress: { allow: ['127.0.0.1'] },
      models: { chat: 'sampling' },
      knowledge: { collections: { harbour: { writers: ['role:operator'] } } },
    },
  });
}, 60_000);
afterAll(async () => {
  await closeCallers();
  await fairlead?.stop();
  site?.closeAllConnections();
  site?.close();
});

async function call(tool: string, args: object, key?: string) {
  const response = await fairlead.request(`/api/v1/tools/knowledge.${tool}/call`, { json: { arguments: args }, key });
  return await response.json();
}
const ingest = (more: object, key?: string) => call('ingest', { collection: 'harbour', ...more }, key);

describe('a page by its address', () => {
  it('is fetched, read and found with it, and its caller hears how far that is [KN-1] [KN-8]', async () => {
    const heard: { progress: number; total?: number; message?: string }[] = [];
    const client = await caller(fairlead, 'sessions');
    const { structuredContent } = await client.callTool(
      { name: 'knowledge_ingest', arguments: { collection: 'harbour', url: `${base}/moved#top` } },
      { onprogress: (update) => void heard.push(update) },
    );
    expect(structuredContent).toMatchObject({ passages: 1 });
    expect(heard).toMatchObject([
      { progress: 1, message: `fetched: ${page.length} bytes` },
      { progress: 2, total: 3, message: 'read: 1 passage' },
      { progress: 3, total: 3, message: 'kept: 1 of 1 passage' },
    ]);
    heard.length = 0;
    const long = Array.from({ length: 130 }, (_, at) => `# Berth ${at}\n\nIt is ${at} fathoms deep.`).join('\n\n');
    const text = { collection: 'harbour', name: 'berths.md', text: long };
    await client.callTool(
      { name: 'knowledge_ingest', arguments: text },
      { onprogress: (update) => void heard.push(update) },
    );
    const kept = heard.map(({ message = '' }) => message).filter((message) => message.startsWith('kept'));
    expect(kept).toEqual([
      expect.stringMatching(/^kept: 100 of 1\d\d /),
      expect.stringMatching(/^kept: (1\d\d) of \1 /),
    ]);
    const { result } = await call('query', { query: 'round turn half hitches' });
    const url = `${base}/moved`; // as it was named, wherever that led
    expect(result.structuredContent.passages).toMatchObject([{ title: 'Moorings', uri: url, url }]);
  });

  it('has the name that it is given, and takes the place of what had it [KN-8]', async () => {
    await ingest({ name: 'b17.md', text: '# Old\n\nThe windlass is greased in May.\n' });
    await ingest({ name: 'b17.md', url: `${base}/bollards.txt` });
    const found = async (query: string) =>
      (await call('query', { query })).result.structuredContent.passages.map(({ uri }: { uri: string }) => uri);
    expect(await found('windlass greased')).toEqual([]);
    expect(await found('bollard B-18 tonnes')).toContain('b17.md');
  });

  it('is refused where the guard, its kind, its size or its server forbids it, and says so [SP-9] [KN-8]', async () => {
    const refusal = async (url: string) => {
      const { error } = await ingest({ url });
      return [error.code, error.message];
    };
    for (const url of [
      'http://169.254.169.254/latest/meta-data',
      'http://[::1]:8080/',
      'file:///etc/passwd',
      `${base}/inwards`,
    ])
      expect(await refusal(url), url).toEqual(['EGRESS_BLOCKED', expect.stringMatching(/not public|only http/)]);
    const host = new URL(base).host;
    const reasons = { picture: 'it is image/png', huge: 'it has more than 50 MB', missing: 'it is not there' };
    for (const [name, reason] of Object.entries(reasons))
      expect(await refusal(`${base}/${name === 'picture' ? 'picture.html' : name}`)).toEqual([
        'PAGE_UNAVAILABLE',
        `The page at "${host}" cannot be had: ${reason}.`,
      ]);
    expect((await ingest({ url: 'harbour' })).error.code).toBe('INVALID_REQUEST');
  });

  it('is fetched for those alone who may write there, and instead of a text [KN-4] [KN-8]', async () => {
    const developer = await fairlead.makeKey(['developer']);
    visited.length = 0;
    expect((await ingest({ url: `${base}/moorings.html` }, developer)).error.code).toBe('COLLECTION_NOT_WRITABLE');
    for (const wrong of [{ url: `${base}/moorings.html`, text: 'x', name: 'x.md' }, {}, { text: 'x' }])
      expect((await ingest(wrong)).error.code).toBe('INVALID_REQUEST');
    expect(visited).toEqual([]);
    const { definition } = await (await fairlead.request('/api/v1/tools/knowledge.ingest')).json();
    expect(lintTool(definition).map(({ rule }) => rule)).toEqual(['name-specific']);
  });
});

it('answers by the model of whoever asks, where the settings say so and its client lets it [KN-8]', async () => {
  await ingest({ name: 'queues.md', text: '# Queues\n\nOrders go through the queue `orders-v2`.\n' });
  const question = { question: 'Which queue do orders go through?' };
  for (const era of ['sessions', 'modern'] as const) {
    const client = await caller(fairlead, era, { answer: () => 'Orders go through `orders-v2` [1]. It is fast [1].' });
    const { structuredContent } = await client.callTool({ name: 'knowledge_answer', arguments: question });
    expect(structuredContent, era).toMatchObject({
      sentences: [{ text: 'Orders go through `orders-v2`.' }],
      dropped: [{ text: 'It is fast.' }],
      model: 'test',
    });
  }
  expect((await call('answer', question)).error).toMatchObject({ code: 'NO_MODEL_TO_ASK' });
});
