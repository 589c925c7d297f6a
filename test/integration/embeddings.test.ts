import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmbeddingServer, startEmbeddings } from '../embeddings.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';

// With a model configured, tools are found by what they mean as well; without its help, by words.

let fairlead: Fairlead;
let model: EmbeddingServer;
const tools = [
  { name: 'vehicle_hire', description: 'Hires a vehicle.' },
  { name: 'dish_recipes', description: 'Instructions for cooking dishes.' },
  { name: 'invoice_send', description: 'Sends an invoice to a customer.' },
];

beforeAll(async () => {
  model = await startEmbeddings();
  fairlead = await startFairlead({
    config: {
      allowRuntimeStdio: true,
      upstreams: { town: listedUpstream(tools) },
      models: { embedding: { url: model.url, model: 'use', apiKey: 'a-key-of-the-model' } },
    },
  });
});
afterAll(async () => {
  await fairlead?.stop();
  await model?.stop();
});

const search = async (query: string): Promise<string[]> => {
  const response = await fairlead.request('/api/v1/tools/fairlead.search_tools/call', {
    json: { arguments: { query } },
  });
  const { outcome, result } = await response.json();
  expect(outcome).toBe('ok');
  return result.structuredContent.tools.map(({ name }: { name: string }) => name);
};

it('finds a tool with which a query shares no word, and embeds each text once [CA-5]', async () => {
  // The first search is answered by words; what the model makes of the tools comes in behind it.
  expect(await search('invoice')).toContain('town_invoice_send');
  await expect
    .poll(() => search('I want to prepare dinner, what ingredients do I need?'), { timeout: 60_000 }) // a model that was too slow once is left alone for a while
    .toContain('town_dish_recipes');
  expect((await search('rent a car'))[0]).toBe('town_vehicle_hire');
  const embedded = model.asked.filter((texts) => texts > 1);
  expect(embedded).toHaveLength(1);
  const questions = model.asked.length;
  await search('rent a car');
  expect(model.asked).toHaveLength(questions);
  expect(new Set(model.tokens)).toEqual(new Set(['Bearer a-key-of-the-model']));
});

it('finds by meaning what changed while the model was at work [CA-5]', async () => {
  const add = async (name: string, ...more: typeof tools) => {
    const settings = { trust: 'first-use', ...listedUpstream(more) };
    const response = await fairlead.request('/api/v1/upstreams', { json: { name, settings } });
    expect(response.status).toBe(201);
  };
  const open = model.hold();
  const asked = model.asked.length;
  const early = { name: 'iron_clothes', description: 'Irons the laundry.' };
  await add('early', { name: 'wash_clothes', description: 'Washes the laundry.' }, early);
  await expect.poll(() => search('laundry')).toContain('early_wash_clothes');
  await expect.poll(() => model.asked.slice(asked).some((texts) => texts > 1)).toBe(true);
  await add('late', { name: 'weather_forecast', description: 'Predicts rain and sunshine for the coming days.' });
  await expect.poll(() => search('sunshine')).toContain('late_weather_forecast');
  open();
  await expect
    .poll(() => search('Do I need an umbrella tomorrow?'), { timeout: 60_000 })
    .toContain('late_weather_forecast');
});

it('goes on by words when the model fails [CA-5]', async () => {
  model.fail();
  expect((await search('send the invoice'))[0]).toBe('town_invoice_send');
});
