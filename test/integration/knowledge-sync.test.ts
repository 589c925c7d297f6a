import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.ts';
import { run } from '../cli/run.ts';
import { caller, closeCallers, textOf } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';

// Passes over a source as agents, operators and other parts of the server see them.

interface Page {
  text: string;
  hold?: Promise<void>;
}

let fairlead: Fairlead;
let server: Server;
const pages = new Map<string, Page>();

beforeAll(async () => {
  for (const name of ['anchor', 'bollard', 'capstan', 'davit'])
    pages.set(`/${name}.md`, { text: `# The ${name}\n\nA ${name} is used on deck.\n` });
  server = createServer(async (request, response) => {
    const page = pages.get(request.url ?? '');
    if (request.url === '/index.html') {
      response.writeHead(200, { 'content-type': 'text/html' });
      return response.end([...pages.keys()].map((name) => `<a href="${name}">x</a>`).join(''));
    }
    if (!page) return response.writeHead(404).end();
    await page.hold;
    response.writeHead(200, { 'content-type': 'text/markdown' }).end(page.text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const web = `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`;
  fairlead = await startFairlead({
    config: {
      egress: { allow: ['127.0.0.1'] },
      knowledge: {
        collections: {
          deck: {
            ...{ writers: ['role:developer'], syncEveryMs: 3_600_000 },
            sources: { site: { web, depth: 1, delayMs: 0, concurrency: 1 } },
          },
        },
      },
    },
  });
  await sync();
}, 60_000);

afterAll(async () => {
  await closeCallers();
  await fairlead?.stop();
  server?.closeAllConnections();
  server?.close();
});

const sync = async (more: object = {}, key?: string) => {
  const body = { json: { arguments: { collection: 'deck', ...more } }, key };
  return await (await fairlead.request('/api/v1/tools/knowledge.sync/call', body)).json();
};
const ask = async (query: string, more: object = {}) => {
  const body = { json: { arguments: { query, ...more } } };
  return (await (await fairlead.request('/api/v1/tools/knowledge.query/call', body)).json()).result.structuredContent;
};
const latestRun = async () => (await (await fairlead.request('/api/v1/knowledge/runs')).json()).runs[0];

/** Holds a page back until it is let go. */
function hold(path: string, text: string): () => void {
  const gate = Promise.withResolvers<void>();
  pages.set(path, { text, hold: gate.promise });
  return gate.resolve;
}

it('a tool has a source read, tells how far it is, and leaves the pass alone when its call ends [KN-3]', async () => {
  const client = await caller(fairlead, 'sessions');
  const release = hold('/davit.md', '# The davit\n\nThe davit swings out.\n');
  const told: { progress: number; message?: string | undefined }[] = [];
  const reading = client.callTool(
    { name: 'knowledge_sync', arguments: { collection: 'deck' } },
    { onprogress: (progress) => void told.push(progress) },
  );
  await expect.poll(() => told.at(-1)?.progress, { timeout: 20_000 }).toBe(4); // the page with the links, and three
  release();
  const read = await reading;
  expect(read.structuredContent).toMatchObject({ over: true, sources: [{ source: 'site', state: 'done' }] });
  expect(textOf(read)).toBe('site: done, 5 seen, 0 added, 1 changed, 0 removed, 0 failed');
  expect(told.map(({ progress }) => progress)).toEqual([...told.map(({ progress }) => progress)].sort());
  expect(told.at(-1)).toMatchObject({ progress: 5, total: 5, message: expect.stringContaining('1 changed') });

  const again = hold('/davit.md', '# The davit\n\nThe davit is painted.\n');
  const ending = new AbortController();
  const cancelled = client.callTool(
    { name: 'knowledge_sync', arguments: { collection: 'deck' } },
    { signal: ending.signal },
  );
  await expect.poll(async () => (await latestRun()).state, { timeout: 20_000 }).toBe('running');
  ending.abort();
  await expect(cancelled).rejects.toThrow();
  const joined = (await sync({ wait_seconds: 0 })).result.structuredContent;
  expect(joined).toMatchObject({ over: false, sources: [{ state: 'running' }] });
  again();
  await expect.poll(async () => (await latestRun()).state, { timeout: 20_000 }).toBe('done');
  expect((await latestRun()).counts).toMatchObject({ changed: 1 });
  expect((await ask('painted davit')).answerable).toBe(true);
});

it('only those who may write in a collection have it read, and agents are told so [KN-3]', async () => {
  const viewer = await fairlead.makeKey(['viewer']);
  expect((await sync({}, viewer)).error.code).toMatch(/COLLECTION_NOT_WRITABLE|UNKNOWN_TOOL/);
  expect((await sync({ source: 'nowhere' })).error).toMatchObject({ code: 'NOT_FOUND' });
  const env = { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey };
  const lint = await run(['tools', 'lint', 'knowledge.sync', '--json'], { env });
  const { errors, faults } = JSON.parse(lint.stdout);
  // Names of one word are those of the whole toolset.
  expect([lint.code, errors, faults.map(({ rule }: { rule: string }) => rule)]).toEqual([0, 0, ['name-specific']]);
});

it('tells whoever listens what can be found now and what is gone, and counts it [KN-3]', async () => {
  const { db } = fairlead.running.house.database;
  const told = async () => {
    const { rows } = await sql<{ type: string; data: unknown }>`
      select type, data from events where type like 'knowledge.%' and id > ${before} order by id`.execute(db);
    return rows.map(({ type, data }) => [type, data]);
  };
  const before = newId('evt');
  pages.set('/ensign.md', { text: '# The ensign\n\nThe ensign flies astern.\n' });
  pages.delete('/anchor.md');
  await sync();
  const about = { collection: 'deck', source: 'site', document: expect.any(Number) };
  await expect.poll(async () => (await told()).length, { timeout: 30_000 }).toBe(3);
  const heard = await told();
  expect(heard).toContainEqual(['knowledge.document_indexed', { ...about, change: 'added' }]);
  expect(heard).toContainEqual(['knowledge.document_removed', about]);
  expect(heard).toContainEqual(['knowledge.document_indexed', { ...about, change: 'changed' }]); // the page with the links
  expect((await ask('ensign astern')).answerable).toBe(true);

  const metrics = await (await fairlead.request('/metrics', { key: null })).text();
  const figure = (name: string) =>
    Number(
      metrics
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  expect(figure('fairlead_knowledge_documents_total{end="added"}')).toBe(6);
  expect(figure('fairlead_knowledge_documents_total{end="removed"}')).toBe(1);
  expect(figure('fairlead_knowledge_index_seconds_count')).toBe(6 + 3);
  expect(figure('fairlead_knowledge_lag_seconds{collection="deck"}')).toBeLessThan(120);
});

it('finds only what is fresh enough where that is asked for, and else says how old the nearest is [KN-3]', async () => {
  expect((await ask('capstan deck', { min_freshness: '1h' })).answerable).toBe(true);
  const { pool } = fairlead.running.house.database;
  await pool.query(
    "update knowledge_documents set confirmed_at = now() - interval '3 days' where uri like '%capstan.md'",
  );
  const { answerable, advice, passages } = await ask('capstan', { min_freshness: '1h' });
  expect([answerable, passages]).toEqual([false, []]);
  expect(advice).toMatch(
    /^What fits best \(passage \d+ of the collection deck\) was last seen to be current 3 days ago/,
  );
  const older = await ask('capstan');
  expect(older).toMatchObject({ answerable: true, passages: [{ checkedMinutesAgo: 3 * 24 * 60 }] });
  await sync();
  expect(await ask('capstan', { min_freshness: '1h' })).toMatchObject({ answerable: true });
});
