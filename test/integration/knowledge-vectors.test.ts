import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddingServer, startEmbeddings } from '../embeddings.ts';
import { type Fairlead, startFairlead } from '../harness.ts';

// Documents found by what they mean, with a real model behind an endpoint; and what becomes of them when it is away.

let fairlead: Fairlead;
let model: EmbeddingServer;
const documents: Record<string, string> = {
  'kitchen.md': '# Kitchen\n\nInstructions for cooking dishes.\n',
  'fleet.md': '# Fleet\n\nVehicles for hire stand behind the depot.\n',
  'invoices.md': '# Invoices\n\nBills are sent to customers at the end of the month.\n',
};

beforeAll(async () => {
  model = await startEmbeddings();
  const use = { url: model.url, model: 'use', costPerMillionTokens: 1_000 };
  fairlead = await startFairlead({
    config: {
      models: { embedding: use, embeddings: { other: { ...use, passagePrefix: 'passage: ' } } },
      knowledge: { collections: { notes: {}, plain: { model: 'none' }, secret: { readers: ['role:admin'] } } },
    },
  });
  for (const [name, text] of Object.entries(documents)) await ingest('notes', name, text);
  await ingest('secret', 'menu.md', '# Menu\n\nRecipes of the captain for his supper.\n');
  await ingest('plain', 'stove.md', '# Stove\n\nHow to light the stove before frying an egg.\n');
});
afterAll(async () => {
  await fairlead?.stop();
  await model?.stop();
});

async function call(tool: string, args: object, key?: string) {
  const response = await fairlead.request(`/api/v1/tools/knowledge.${tool}/call`, { json: { arguments: args }, key });
  return await response.json();
}
const ingest = (collection: string, name: string, text: string) => call('ingest', { collection, name, text });
const ask = async (query: string, key?: string): Promise<{ uri: string; scoreParts: Record<string, number> }[]> =>
  (await call('query', { query }, key)).result.structuredContent.passages;
const get = async (path: string) => (await fairlead.request(`/api/v1/knowledge/${path}`)).json();
const notes = async () => (await get('collections')).collections.find(({ name }: { name: string }) => name === 'notes');
const hasAll = () => expect.poll(notes, { timeout: 30_000 }).toMatchObject({ vectors: { passages: 3 } });

describe('with an embedding model', () => {
  it('a document is found with which the question shares no word, by whoever may read it [KN-6]', async () => {
    await hasAll();
    const question = 'I want to prepare dinner, what ingredients do I need?';
    const developer = await fairlead.makeKey(['developer']);
    expect((await ask(question, developer))[0]).toMatchObject({
      uri: 'kitchen.md',
      scoreParts: { meaning: expect.any(Number) },
    });
    expect((await ask('rent a car', developer))[0]).toMatchObject({ uri: 'fleet.md' });
    const found = (await ask(question, developer)).map(({ uri }) => uri);
    expect(found).not.toContain('menu.md');
    expect(found).not.toContain('stove.md'); // its collection has no model, and no word of the question
    await expect
      .poll(async () => (await ask(`${question} Please`)).map(({ uri }) => uri), { timeout: 20_000 })
      .toContain('menu.md');
  });

  it('a collection tells its model, what has vectors and what that cost [KN-6]', async () => {
    const one = await notes();
    expect(one).toMatchObject({ model: 'use', passages: 3, vectors: { passages: 3 } });
    expect(one.vectors.tokens).toBeGreaterThan(0);
    expect(one.vectors.cost).toBeCloseTo(one.vectors.tokens / 1_000, 6);
    expect(await (await fairlead.request('/metrics')).text()).toMatch(/^fairlead_embedding_tokens_total [1-9]/m);
  });

  it('all vectors are made anew beside those that are searched, when that is asked for [KN-3] [KN-6]', async () => {
    const before = (await notes()).vectors.tokens;
    const begun = await fairlead.request('/api/v1/knowledge/collections/notes/rebuild', { json: {} });
    expect([begun.status, await begun.json()]).toEqual([202, { passages: 3 }]);
    const { pool } = fairlead.running.house.database;
    const generation = async () =>
      (
        await pool.query(
          'select s.generation from knowledge_embeddings e join knowledge_spaces s on s.id = e.live order by e.collection limit 1',
        )
      ).rows[0]?.generation;
    await expect.poll(generation, { timeout: 30_000 }).toBe(1);
    expect((await notes()).vectors.tokens).toBeGreaterThan(before);
    expect((await ask('rent a car, cheaply'))[0]).toMatchObject({ uri: 'fleet.md' });
    const without = await fairlead.request('/api/v1/knowledge/collections/plain/rebuild', { json: {} });
    expect([without.status, (await without.json()).code]).toEqual([409, 'COLLECTION_WITHOUT_MODEL']);
  });

  it('documents come in and are found by their words while the model is away, and get their vectors when it is back [KN-6]', async () => {
    model.fail();
    await ingest('notes', 'bicycles.md', '# Bicycles\n\nTwo bicycles are kept in the shed.\n');
    expect((await ask('where are bicycles kept'))[0]).toMatchObject({ uri: 'bicycles.md' });
    expect(await get('collections/notes/verify')).toEqual({ ok: true, disagreements: [], pending: 1 });
    model.fail(false);
    await expect
      .poll(() => get('collections/notes/verify'), { timeout: 60_000, interval: 500 })
      .toEqual({ ok: true, disagreements: [], pending: 0 });
  });

  it('a collection that is added while it runs may name one of the models, and no other [KN-6]', async () => {
    const put = (model: string) =>
      fairlead.request('/api/v1/knowledge/collections/late', { method: 'PUT', json: { settings: { model } } });
    expect((await put('another')).status).toBe(400);
    expect((await put('other')).status).toBe(200);
    await ingest('late', 'tides.md', '# Tides\n\nHigh water comes twice a day.\n');
    const late = async () =>
      (await get('collections')).collections.find(({ name }: { name: string }) => name === 'late');
    await expect
      .poll(late, { timeout: 30_000 })
      .toMatchObject({ model: expect.stringMatching(/^use#/), vectors: { passages: 1 } });
  });
});
