import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type RerankServer, startReranker } from '../rerankers.ts';

// How passages come into their order beyond words: a reranker, the parts of a question, filters, and what is remembered.

interface Passage {
  uri: string;
  text: string;
  scoreParts: Record<string, number>;
}
interface Answer {
  answerable: boolean;
  advice?: string;
  parts?: { question: string; answerable: boolean }[];
  passages: Passage[];
}

const documents: Record<string, string> = {
  'queue-2024.md': '---\nstatus: superseded\n---\n# Queue\n\nThe orders queue keeps messages for two days.\n',
  'queue-2026.md': '---\nstatus: accepted\n---\n# Queue\n\nThe orders queue keeps messages for nine days (current).\n',
  'backups.md': '# Backups\n\nBackups are written to the vault every night.\n',
  'lunch.md': '# Lunch\n\nThe canteen opens at noon.\n',
};

let reranker: RerankServer;
let fairlead: Fairlead;

beforeAll(async () => {
  reranker = await startReranker((text) => (text.includes('current') ? 0.9 : 0.2));
  fairlead = await startFairlead({
    config: {
      models: { reranker: { url: reranker.url, model: 'taste' } },
      knowledge: { collections: { notes: {}, private: { readers: ['role:operator'] } } },
    },
  });
  for (const [name, text] of Object.entries(documents)) await ingest('notes', name, text);
});

afterAll(async () => {
  await fairlead?.stop();
  await reranker?.stop();
});

async function call(tool: string, args: object, key?: string) {
  const response = await fairlead.request(`/api/v1/tools/knowledge.${tool}/call`, { json: { arguments: args }, key });
  return await response.json();
}
const ingest = (collection: string, name: string, text: string) => call('ingest', { collection, name, text });
const ask = async (query: string, more: object = {}, key?: string): Promise<Answer> =>
  (await call('query', { query, ...more }, key)).result.structuredContent;
const uris = (answer: Answer) => answer.passages.map(({ uri }) => uri);

describe('a question that was asked before', () => {
  it('is not ranked again until something changes, and then at once, for whoever may read the same [KN-7]', async () => {
    const question = 'when does the canteen open its floor';
    const ranked = async (query: string, key?: string) => {
      const before = reranker.asked.length;
      const found = uris(await ask(query, {}, key));
      return { found: found.toSorted(), asked: reranker.asked.length - before };
    };
    await ingest('notes', 'terrace.md', '# Terrace\n\nThe canteen has a terrace.\n');
    const developers = await Promise.all([fairlead.makeKey(['developer']), fairlead.makeKey(['developer'])]);
    const found = ['lunch.md', 'terrace.md'];
    expect(await ranked(question, developers[0])).toEqual({ found, asked: 1 });
    expect(await ranked(`  ${question.toUpperCase()}?`, developers[1])).toEqual({ found, asked: 0 });

    await ingest('private', 'kitchen.md', '# Kitchen\n\nThe canteen has a secret floor.\n');
    expect(await ranked(question, developers[0])).toEqual({ found, asked: 0 });
    expect(await ranked(question)).toEqual({ found: ['kitchen.md', ...found], asked: 1 });

    await ingest('notes', 'canteen.md', '# Canteen\n\nThe canteen opens its second floor in summer.\n');
    expect(await ranked(question, developers[0])).toEqual({ found: ['canteen.md', ...found], asked: 1 });
  });
});

describe('a reranker', () => {
  it('has the last word on the order, and each passage tells what everybody said of it [KN-7]', async () => {
    const answer = await ask('how long does the orders queue keep messages');
    expect(uris(answer).slice(0, 2)).toEqual(['queue-2026.md', 'queue-2024.md']);
    expect(answer.passages[0]?.scoreParts).toEqual({ words: expect.any(Number), rerank: 0.9 });
    expect(reranker.asked.at(-1)?.documents[0]).toMatch(/^Queue\n/);
  });

  it('that does not answer is done without, and is asked for nothing that was not found [KN-7]', async () => {
    reranker.fail(true);
    const answer = await ask('which messages does the orders queue keep');
    expect(answer.answerable).toBe(true);
    expect(uris(answer)).toHaveLength(2);
    expect(answer.passages[0]?.scoreParts).not.toHaveProperty('rerank');
    const before = reranker.asked.length;
    await ask('zeppelin');
    expect(reranker.asked).toHaveLength(before);
    reranker.fail(false);
  });
});

describe('a question that consists of two', () => {
  it('is answered for both, and says to which nothing fits [KN-7]', async () => {
    const both = await ask('how long does the orders queue keep messages and where are backups written?', { limit: 2 });
    expect(both.parts?.map(({ answerable }) => answerable)).toEqual([true, true]);
    expect(uris(both)).toContain('backups.md');
    expect(uris(both).join()).toContain('queue');
    const half = await ask('when does the canteen open and who waters the plants of the zeppelin?');
    expect(half.answerable).toBe(true);
    expect(half.parts?.map(({ answerable }) => answerable)).toEqual([true, false]);
    expect(half.advice).toContain('"who waters the plants of the zeppelin"');
  });
});

describe('filters', () => {
  it('let through what says so of itself, and what was changed in a span of time [KN-7]', async () => {
    const accepted = await ask('orders queue', { metadata: { status: 'accepted' } });
    expect(uris(accepted)).toEqual(['queue-2026.md']);
    expect(accepted.passages[0]).toMatchObject({ status: 'accepted' });
    expect(uris(await ask('orders queue', { metadata: { status: 'draft' } }))).toEqual([]);
    expect(uris(await ask('orders queue', { changed_before: '2020-01-01' }))).toEqual([]);
    expect(uris(await ask('orders queue', { changed_since: '2020-01-01' }))).toHaveLength(2);
  });
});
