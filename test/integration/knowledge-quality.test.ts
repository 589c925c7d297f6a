import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';

// How good the answers are, as the owner of the documents sees it: asked, counted, voted on and reported.

const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-quality-'));
const config = { knowledge: { collections: { secret: { readers: ['role:admin'], writers: ['role:admin'] } } } };
let fairlead: Fairlead;
let operator: string;
let developer: string;

beforeAll(async () => {
  fairlead = await startFairlead({ config, dataDir });
  operator = await fairlead.makeKey(['operator']);
  developer = await fairlead.makeKey(['developer']);
  await fairlead.request('/api/v1/knowledge/collections/notes', { method: 'PUT', json: { settings: {} } });
  await write('notes', 'canteen.md', '# Canteen\n\nThe canteen serves goulash on Thursdays.\n');
  await write('notes', 'parking.md', '# Parking\n\nBicycles are parked behind the boiler house.\n');
  await write('secret', 'merger.md', '# Merger\n\nThe merger with the shipyard is signed in October.\n');
}, 60_000);
afterAll(async () => {
  await fairlead?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function call(tool: string, args: object, key?: string) {
  const response = await fairlead.request(`/api/v1/tools/knowledge.${tool}/call`, { json: { arguments: args }, key });
  return await response.json();
}
const write = (collection: string, name: string, text: string) => call('ingest', { collection, name, text });
const ask = async (query: string, more: object = {}, key?: string) =>
  (await call('query', { query, ...more }, key)).result.structuredContent;

async function read(path: string, init: Parameters<Fairlead['request']>[1] = {}) {
  const response = await fairlead.request(`/api/v1/knowledge/${path}`, init);
  return { status: response.status, body: response.status === 204 ? undefined : await response.json() };
}
const evaluate = async (questions: object[], key?: string, name = 'set') =>
  (await read('evaluations', { json: { name, questions }, ...(key ? { key } : {}) })).body;

describe('an evaluation', () => {
  const questions = [
    { question: 'when is there goulash', expect: 'canteen.md', phrase: 'on  THURSDAYS', tags: ['food'] },
    { question: 'where are bicycles parked', expect: 'Parking', tags: ['places'] },
    { question: 'when is the merger signed', expect: ['secret/merger.md'] },
    {
      question: 'goulash in the canteen and bicycles behind the boiler house',
      expect: ['canteen.md', 'parking.md'],
      every: true,
      tags: ['food', 'places'],
    },
    { question: 'goulash on Thursdays', expect: 'none', id: 'trap' },
    { question: 'zeppelin timetable', expect: 'none' },
  ];

  it('tells figures by tag and collection, and of each miss what came instead [KN-11]', async () => {
    const { figures, misses, change } = await evaluate(questions);
    expect(figures.all).toEqual({
      ...{ questions: 6, right: 5, hitRateAt1: 0.75, hitRateAt5: 1, hitRate: 1, mrr: 0.875 },
      ...{ abstentionPrecision: 1, abstentionRecall: 0.5 },
    });
    expect(figures.tags.food).toMatchObject({ questions: 2, hitRateAt1: 0.5, abstentionRecall: null });
    expect(figures.collections).toMatchObject({ notes: { questions: 3 }, secret: { questions: 1, right: 1 } });
    expect(misses).toEqual([
      expect.objectContaining({
        key: 'trap',
        answerable: true,
        found: [expect.objectContaining({ uri: 'canteen.md' })],
      }),
    ]);
    expect(change).toBeUndefined();
  });

  it('asks with the rights of its caller, and shows nobody the names of what they may not read [KN-11] [KN-4]', async () => {
    const mine = await evaluate(questions, operator, 'of an operator');
    expect(mine.misses.map(({ key, absent }: never) => [key, absent])).toEqual([
      ['when is the merger signed', ['secret/merger.md']],
      ['trap', []],
    ]);
    const whole = await evaluate([{ question: 'when is the merger signed', expect: 'canteen.md' }], undefined, 'whole');
    expect(whole.misses[0].found).toEqual([expect.objectContaining({ uri: 'merger.md', collection: 'secret' })]);
    const { body } = await read(`evaluations/${whole.id}`, { key: operator });
    expect(body).toMatchObject({ id: whole.id, misses: [{ key: 'when is the merger signed', found: [] }] });
    expect((await read('evaluations', { json: { questions }, key: developer })).status).toBe(403);

    const text = `forbid (principal, action, resource == Tool::"knowledge.query") unless { principal in Role::"admin" };`;
    await fairlead.request('/api/v1/policies/closed', { method: 'PUT', json: { text } });
    expect((await evaluate(questions, operator)).code).toBe('DENIED');
    await fairlead.request('/api/v1/policies/closed', { method: 'DELETE' });
  });

  it('tells what is newly right and newly wrong since the last of its name, and keeps twenty [KN-11]', async () => {
    await write('notes', 'parking.md', '# Parking\n\nCars are parked in the yard.\n');
    await write('notes', 'airship.md', '# Airship\n\nThe zeppelin timetable hangs at the gate.\n');
    const worse = await evaluate(questions.slice(1));
    expect(worse.change).toMatchObject({
      newlyRight: [],
      newlyWrong: [
        'where are bicycles parked',
        'goulash in the canteen and bicycles behind the boiler house',
        'zeppelin timetable',
      ],
      ...{ added: 0, gone: 1, before: { right: 5 } },
    });
    await write('notes', 'parking.md', '# Parking\n\nBicycles are parked behind the boiler house.\n');
    const better = await evaluate(questions.slice(1));
    expect(better.change.newlyRight).toEqual([
      'where are bicycles parked',
      'goulash in the canteen and bicycles behind the boiler house',
    ]);
    expect((await read(`evaluations/${better.id}`)).body).toEqual(better);

    const one = [{ question: 'zeppelin', expect: 'airship.md' }];
    for (let round = 0; round < 22; round++) await evaluate(one, undefined, 'often');
    const { evaluations } = (await read('evaluations?name=often')).body;
    expect(evaluations).toHaveLength(20);
    expect((await read('evaluations')).body.evaluations.length).toBeGreaterThan(20);
  });

  it('that is not well written is refused with every fault [KN-11]', async () => {
    const { status, body } = await read('evaluations', {
      json: {
        questions: [
          { question: ' ' },
          { question: 'a', expect: ['none', 'x'] },
          { question: 'b' },
          { question: '\ud800' },
          { ask: 1 },
        ],
      },
    });
    expect(status).toBe(400);
    for (const at of [0, 1, 2, 3, 4]) expect(body.message).toContain(`body.questions.${at}.`);
  });
});

describe('what is asked in vain', () => {
  it('is counted for the owner without secrets, until it is dismissed, and is there after a restart [KN-12]', async () => {
    for (const query of ['How do we launch the rocket?', 'how do we  launch the rocket', 'who feeds the dragon'])
      expect((await ask(query, {}, developer)).answerable).toBe(false);
    await ask('rocket token ghp_abcdefghijklmnopqrstuvwxyz0123456789 leaked', { collections: ['notes'] }, developer);
    await ask('when is there goulash');
    await ask('rocket of the north', { changed_since: '2020-01-01' });
    await evaluate([{ question: 'who washes the elephant', expect: 'none' }]);
    await fairlead.stop();
    fairlead = await startFairlead({ config, dataDir });
    developer = await fairlead.makeKey(['developer']);
    operator = await fairlead.makeKey(['operator']);

    const { gaps } = (await read('gaps', { key: operator })).body;
    expect(gaps.map(({ query, count }: never) => [query, count])).toEqual([
      ['how do we  launch the rocket', 2],
      [expect.stringMatching(/^rocket token \S*\[redacted\]\S* leaked$/), 1],
      ['who feeds the dragon', 1],
    ]);
    expect(gaps[1]).toMatchObject({ collections: ['notes'], confidence: expect.any(Number) });
    expect((await read('gaps', { key: developer })).status).toBe(403);

    const path = `gaps/${gaps[0].id}`;
    expect((await read(path, { method: 'DELETE', key: developer })).status).toBe(403);
    expect((await read(path, { method: 'DELETE' })).status).toBe(204);
    expect((await read('gaps/nobody', { method: 'DELETE' })).status).toBe(404);
    await ask('how do we launch the rocket');
    const left = (await read('gaps')).body.gaps.map(({ query }: { query: string }) => query);
    expect(left).toHaveLength(2);
    expect(left).not.toContain(gaps[0].query);
  });

  it('forgets what was not asked for long [KN-12]', async () => {
    const { pool } = fairlead.running.house.database;
    await pool.query("update knowledge_gaps set last_at = now() - interval '40 days' where query like '%dragon%'");
    const queries = async (days: number) =>
      (await read(`gaps?days=${days}`)).body.gaps.map(({ query }: { query: string }) => query);
    expect(await queries(30)).not.toContain('who feeds the dragon');
    expect(await queries(60)).toContain('who feeds the dragon');
    await pool.query("update knowledge_gaps set last_at = now() - interval '91 days' where query like '%dragon%'");
    await ask('which moon is the largest');
    await read('gaps');
    const { rows } = await pool.query("select 1 from knowledge_gaps where query like '%dragon%'");
    expect(rows).toEqual([]);
  });

  it('is a metric from 0 to 1 that names no tenant [KN-12]', async () => {
    const text = await (await fairlead.request('/metrics')).text();
    const count = (outcome: string) =>
      Number(new RegExp(`^mcp_rag_retrieval_score_count\\{outcome="${outcome}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
    const before = [count('answerable'), count('not_answerable')];
    await ask('when is there goulash');
    await ask('qwertzuiop');
    const after = await (await fairlead.request('/metrics')).text();
    expect(after).toMatch(
      new RegExp(`^mcp_rag_retrieval_score_count\\{outcome="answerable"\\} ${(before[0] ?? 0) + 1}$`, 'm'),
    );
    expect(after).toMatch(
      new RegExp(`^mcp_rag_retrieval_score_count\\{outcome="not_answerable"\\} ${(before[1] ?? 0) + 1}$`, 'm'),
    );
    expect(after).toMatch(/^mcp_rag_retrieval_score_bucket\{le="1",outcome="answerable"\} [1-9]/m);
    expect(after).toMatch(/^fairlead_knowledge_zero_results_total [1-9]/m);
    expect(after).not.toMatch(/mcp_rag_retrieval_score\w*\{[^}]*default/);
  });
});

describe('feedback', () => {
  it('is one vote of each on a passage that they may read, seen in the report, and changes no order [KN-12]', async () => {
    const before = await ask('when is there goulash');
    const [passage] = before.passages;
    const vote = (helpful: boolean, more: object = {}, key?: string) =>
      call('feedback', { id: passage.id, helpful, ...more }, key);
    expect((await vote(true, {}, developer)).outcome).toBe('ok');
    await vote(
      false,
      { note: 'It is on Fridays now, says mail with ghp_abcdefghijklmnopqrstuvwxyz0123456789' },
      developer,
    );
    await vote(false, { query: 'when is there goulash' }, operator);
    await vote(true);

    const { unhelpful } = (await read('report?collection=notes')).body;
    expect(unhelpful).toEqual([
      expect.objectContaining({ passage: passage.id, uri: 'canteen.md', unhelpful: 2, helpful: 1 }),
    ]);
    const notes = JSON.stringify(unhelpful[0].notes);
    expect(notes).toContain('It is on Fridays now');
    expect(notes).not.toContain('ghp_');
    expect((await ask('when is there goulash')).passages).toEqual(before.passages);

    const secret = (await ask('when is the merger signed')).passages[0];
    const refused = await call('feedback', { id: secret.id, helpful: false }, operator);
    expect(refused.error).toMatchObject({ code: 'UNKNOWN_PASSAGE' });
    await call('feedback', { id: secret.id, helpful: false });
    const passages = async (key?: string) =>
      (await read('report', key ? { key } : {})).body.unhelpful.map(({ uri }: { uri: string }) => uri);
    expect(await passages()).toEqual(['canteen.md', 'merger.md']);
    expect(await passages(operator)).toEqual(['canteen.md']);

    await write('notes', 'canteen.md', '# Canteen\n\nThe canteen serves goulash on Fridays.\n');
    expect(await passages(operator)).toEqual([]);
  });
});

describe('the report', () => {
  const steps = Array.from({ length: 12 }, (_, at) => `Step ${at}: turn valve number ${at * 7} and note its pressure.`);

  it('names what is stale and what says the same, to whoever may read it [KN-12]', async () => {
    await write('notes', 'valves.md', `# Valves\n\n${steps.join('\n')}\n`);
    await write('notes', 'valves-copy.md', `# Valves\n\n${steps.join('\n')}\n`);
    await write(
      'notes',
      'valves-north.md',
      `# Valves\n\n${steps.with(3, 'Step 3: call the north dock.').join('\n')}\n`,
    );
    await write('secret', 'valves-secret.md', `# Valves\n\n${steps.join('\n')}\n`);
    const { pool } = fairlead.running.house.database;
    await pool.query(
      "update knowledge_documents set changed_at = now() - interval '200 days' where uri = 'airship.md'",
    );
    await pool.query(
      "update knowledge_documents set confirmed_at = now() - interval '9 days', source = 'site' where uri = 'parking.md'",
    );
    await pool.query(
      "update knowledge_documents set confirmed_at = now() - interval '9 days' where uri = 'canteen.md'",
    );

    const { body } = await read('report', { key: operator });
    const uris = (documents: { uri: string }[]) => documents.map(({ uri }) => uri).sort();
    expect([body.unchanged.total, uris(body.unchanged.documents)]).toEqual([1, ['airship.md']]);
    expect([body.unconfirmed.total, uris(body.unconfirmed.documents)]).toEqual([1, ['parking.md']]);
    expect(body).toMatchObject({ allCompared: true, days: 180 });
    expect(body.duplicates.map(({ documents }: never) => uris(documents))).toEqual([
      ['valves-copy.md', 'valves-north.md', 'valves.md'],
    ]);
    expect(body.duplicates[0].similarity).toBeGreaterThan(0.6);
    expect(body.duplicates[0].similarity).toBeLessThan(1);
    expect((await read('report?days=300')).body.unchanged.total).toBe(0);

    const whole = (await read('report')).body.duplicates;
    expect(uris(whole[0].documents)).toContain('valves-secret.md');
    expect((await read('report?collection=secret', { key: operator })).body.code).toBe('UNKNOWN_COLLECTION');
    expect((await read('report', { key: developer })).status).toBe(403);
  });
});
