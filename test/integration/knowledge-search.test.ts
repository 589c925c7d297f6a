import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/index.ts';
import { type Fairlead, startFairlead } from '../harness.ts';

// How passages are ranked, as the file says it, and what readers see while documents come and change.

const collections = { ranked: { writers: ['role:admin'] }, lights: { writers: ['role:admin'] } };
let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({ config: { knowledge: { collections } } });
}, 60_000);
afterAll(() => fairlead?.stop());

async function call(tool: string, args: object) {
  const path = `/api/v1/tools/knowledge.${tool}/call`;
  const response = await fairlead.request(path, { json: { arguments: args } });
  const body = await response.json();
  expect(body, JSON.stringify(body)).toMatchObject({ result: { structuredContent: expect.anything() } });
  return body.result.structuredContent;
}

const put = (collection: string, name: string, text: string) => call('ingest', { collection, name, text });

const found = async (query: string): Promise<string[]> =>
  (await call('query', { query, collections: ['ranked'] })).passages.map(({ uri }: { uri: string }) => uri);

/** Reloads the file with these settings of the search. */
async function rankBy(search: object) {
  const file = join(fairlead.dataDir, 'reload.yaml');
  writeFileSync(file, JSON.stringify({ knowledge: { collections, search } })); // JSON is YAML
  const env = { FAIRLEAD_CONFIG: file, FAIRLEAD_DATA_DIR: fairlead.dataDir, FAIRLEAD_PORT: '0' };
  const { settings } = await loadSettings({ env, flags: {}, cwd: fairlead.dataDir });
  expect((await fairlead.running.reload({ ...settings, logLevel: 'silent' })).failed).toEqual([]);
}

it('is ranked as the file says, from the next question after a reload on [KN-5]', async () => {
  await put('ranked', 'often.txt', 'harbour harbour harbour harbour harbour harbour harbour');
  await put('ranked', 'both.txt', 'harbour crane');
  await put('ranked', 'about.txt', 'crane slewing luffing jib boom');
  await put('ranked', 'related.txt', 'slewing luffing jib counterweight ballast outrigger');
  const boosts = { title: 0, headings: 0, phrase: 0 };
  await rankBy({ k1: 1.2, b: 0, boosts });
  expect((await found('harbour crane'))[0]).toBe('both.txt');
  await rankBy({ k1: 10, b: 0, boosts });
  expect((await found('harbour crane'))[0]).toBe('often.txt');
  expect(await found('crane')).not.toContain('related.txt');
  await rankBy({ feedback: true });
  expect(await found('crane')).toContain('related.txt');
  await rankBy({});
  expect(await found('crane')).not.toContain('related.txt');
});

it('answers 100 readers at once without an error while 4 write, each document as it was or as it is [KN-13]', {
  timeout: 180_000,
}, async () => {
  const [documents, sections, versions] = [6, 4, 2];
  const write = (n: number, version: number) => {
    const parts = Array.from(
      { length: sections },
      (_, at) => `## Part ${at}\n\nLighthouse ${n} part ${at} version${version}.`,
    );
    return put('lights', `${n}.md`, `# Light ${n}\n\n${parts.join('\n\n')}\n`);
  };
  const ask = async () => {
    const asked = { query: 'lighthouse', collections: ['lights'], limit: 30, max_tokens: 50_000 };
    const { passages } = await call('query', asked);
    const byDocument = Map.groupBy(passages as { uri: string; text: string }[], ({ uri }) => uri);
    expect([...byDocument.keys()].sort()).toEqual(Array.from({ length: documents }, (_, n) => `${n}.md`));
    for (const [uri, of] of byDocument) {
      const told = of.map(({ text }) => /version\d+/.exec(text)?.[0]);
      expect([uri, told.length, new Set(told).size]).toEqual([uri, sections, 1]);
    }
  };
  for (let n = 0; n < documents; n++) await write(n, 0);
  let isOver = false;
  const writing = Array.from({ length: 4 }, async (_, at) => {
    for (let version = 1; version <= versions; version++)
      for (let n = at; n < documents; n += 4) await write(n, version);
  });
  const reading = Array.from({ length: 100 }, async () => {
    do await ask();
    while (!isOver);
  });
  await Promise.all([
    Promise.all(writing).finally(() => {
      isOver = true;
    }),
    ...reading,
  ]);
  await ask();
  const verified = await fairlead.request('/api/v1/knowledge/collections/lights/verify');
  expect(await verified.json()).toMatchObject({ ok: true, disagreements: [] });
});
