import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/index.ts';
import { type Fairlead, startFairlead } from '../harness.ts';

// How passages are ranked, as the file says it, and what readers see while documents come and change.

const collections = { ranked: { writers: ['role:admin'] } };
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
  await put('ranked', 'about.txt', 'crane slewing luffing jib');
  await put('ranked', 'related.txt', 'slewing luffing jib');
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
