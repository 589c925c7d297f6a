import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type ChatServer, startChat } from '../chats.ts';
import { caller, closeCallers } from '../clients.ts';
import { serveSilence } from '../fixtures/servers/http.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { listedUpstream } from '../listed.ts';
import { invited, tokensFor } from '../signin.ts';

// Budgets: who is refused, what is told, and what calls have cost. Every test has tools and budgets of its own.

let fairlead: Fairlead;
let chat: ChatServer;
let ledger: Ledger;

const told = (cost: object, more: object = {}) => ({ content: [], _meta: { 'dev.fairlead/cost': cost }, ...more });
const readOnly = { annotations: { readOnlyHint: true } };
const names = [
  'crowd',
  'refused',
  'told',
  'wide',
  'narrow',
  'units',
  'team',
  'runtime',
  'step',
  'once',
  'cached',
  'hit',
];
const upstreams = (nowhere: string) => ({
  t: {
    ...listedUpstream([
      ...names.map((name) => ({ name, ...readOnly })),
      { name: 'wrong', result: { content: [], isError: true } },
    ]),
    tools: {
      units: { cost: { units: 2.5, amount: 0.1, currency: 'EUR' } },
      cached: { cost: { units: 1 } },
      hit: { cost: { units: 4, cached: { units: 1 } } },
    },
  },
  trusted: {
    ...listedUpstream([
      { name: 'dear', result: told({ units: 7, amount: 0.25, currency: 'EUR' }) },
      { name: 'odd', result: told({ units: -1, tokens: 'many', amount: Number.MAX_VALUE }) },
    ]),
    costs: 'trust',
    tools: { odd: { cost: { units: 3 } } },
  },
  boastful: {
    ...listedUpstream([{ name: 'cheap', result: told({ units: 0 }) }]),
    tools: { cheap: { cost: { units: 5 } } },
  },
  slow: fixtureUpstream(),
  gone: {
    openapi: {
      openapi: '3.0.3',
      info: { title: 'Nobody', version: '1' },
      paths: { '/any': { get: { operationId: 'any', responses: { 200: { description: 'None' } } } } },
    },
    baseUrl: nowhere,
    retries: 0,
  },
});

beforeAll(async () => {
  const gone = await serveSilence();
  await gone.stop(); // nobody listens there
  chat = await startChat();
  ledger = openLedger();
  const { policies, upstreams: ledgers } = ledger.config as { policies: object; upstreams: object };
  fairlead = await startFairlead({
    config: {
      policies,
      models: {
        currency: 'EUR',
        chat: { url: chat.url, model: 'parrot', costPerMillionTokens: 10, costPerMillionOutputTokens: 100 },
      },
      knowledge: { collections: { handbook: {} } },
      upstreams: { ...upstreams(new URL('/', gone.url).href), ...ledgers },
      caching: { results: [{ tools: ['t.cached', 't.hit'], ttlSeconds: 600 }] },
      budgets: [
        { name: 'crowd', of: { tools: ['t.crowd'] }, calls: 50, per: 'day' },
        {
          name: 'refused',
          of: { tools: ['t.refused'] },
          by: ['principal'],
          calls: 2,
          per: 'week',
          timezone: 'Asia/Tokyo',
        },
        { name: 'told', of: { tools: ['t.told'] }, by: ['principal', 'tool'], calls: 2, per: 'day', warnAt: [50] },
        { name: 'wide', of: { tools: ['t.wide', 't.narrow'] }, calls: 5 },
        { name: 'narrow', of: { tools: ['t.narrow'] }, calls: 1 },
        { name: 'units', of: { tools: ['t.units'] }, units: 6 },
        { name: 'money', of: { tools: ['t.units'] }, money: { amount: 1, currency: 'EUR' } },
        { name: 'dollars', of: { tools: ['t.units'] }, money: { amount: 0.01, currency: 'USD' } },
        { name: 'teams', of: { tools: ['t.team'] }, by: ['team'], calls: 2 },
        { name: 'dear', of: { toolsets: ['trusted'] }, units: 20, reserve: 5 },
        { name: 'cheap', of: { toolsets: ['boastful'] }, units: 8 },
        { name: 'steps', of: { tools: ['t.step'] }, calls: 3 },
        { name: 'once', of: { tools: ['t.once'] }, calls: 2 },
        { name: 'cached', of: { tools: ['t.cached', 't.hit'] }, units: 100 },
        { name: 'consent', of: { toolsets: ['ledger'] }, calls: 1 },
        { name: 'slow', of: { toolsets: ['slow', 'gone', 'nobody'] }, calls: 2 },
        { name: 'answers', of: { tools: ['knowledge.answer'] }, tokens: 20_000 },
        { name: 'answers-money', of: { tools: ['knowledge.answer'] }, money: { amount: 5, currency: 'EUR' } },
      ],
    },
  });
}, 120_000);
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  await chat?.stop();
  ledger?.remove();
});

const call = (tool: string, { key, headers, args = {}, ...body }: Record<string, unknown> = {}) =>
  fairlead.request(`/api/v1/tools/${tool}/call`, {
    json: { arguments: args, ...body },
    ...(key === undefined ? {} : { key: key as string }),
    ...(headers === undefined ? {} : { headers: headers as Record<string, string> }),
  });
const outcomes = async (count: number, tool: string, more?: Record<string, unknown>) => {
  const all: string[] = [];
  for (let n = 0; n < count; n++) all.push((await (await call(tool, more)).json()).outcome);
  return all;
};
const show = async (name: string) => await (await fairlead.request(`/api/v1/budgets/${name}`)).json();
/** The one account that there is. */
const account = async (name: string) => (await show(name)).accounts[0];

it('let 50 of 200 through that come at once, and tell so once [CO-6]', async () => {
  const { events } = fairlead.running.house;
  const none = new AbortController();
  const warned = events.when('default', 'budget.warning', none.signal);
  const exhausted = events.when('default', 'budget.exhausted', none.signal);
  const replies = await Promise.all(Array.from({ length: 200 }, () => call('t.crowd')));
  const statuses = Map.groupBy(replies, ({ status }) => status);
  expect([statuses.get(200)?.length, statuses.get(429)?.length]).toEqual([50, 150]);
  expect(await account('crowd')).toMatchObject({ spent: 50, held: 0, remaining: 0 });
  const about = { subject: 'crowd', to: ['role:admin'] };
  const crowd = { budget: 'crowd', measure: 'calls', limit: 50, resetsAt: expect.stringMatching(/T00:00:00/) };
  expect(await exhausted).toMatchObject({ ...about, data: { ...crowd, spent: 50, percent: 100 } });
  // Whether it was seen at 80 % or only at its end hangs on who came with whom.
  await call('t.crowd');
  const { rows } = await sql<{ type: string }>`
    select type from events where subject = 'crowd'`.execute(fairlead.running.house.database.db);
  expect(rows.filter(({ type }) => type === 'budget.exhausted')).toHaveLength(1);
  expect(rows.filter(({ type }) => type === 'budget.warning').length).toBeLessThanOrEqual(1);
  none.abort();
  await warned;
});

it('refuse with the budget, what is left and when it is full again, by 429 and fields of the reply [CO-6]', async () => {
  const first = await call('t.refused');
  expect(first.status).toBe(200);
  expect(first.headers.get('fairlead-budget')).toMatch(/^"refused";r=1;t=\d+;q=2;qu="calls"$/);
  expect(first.headers.get('fairlead-cost')).toBe('calls=1');
  await call('t.refused');
  const refused = await call('t.refused');
  expect(refused.status).toBe(429);
  const seconds = Number(refused.headers.get('retry-after'));
  const { outcome, error } = await refused.json();
  expect(outcome).toBe('limited');
  expect(error).toMatchObject({
    code: 'BUDGET_SPENT',
    category: 'rate_limit',
    retryable: true,
    retryAfter: seconds,
    budget: { budget: 'refused', measure: 'calls', limit: 2, used: 2, remaining: 0, resetSeconds: seconds },
  });
  const { resetsAt, account: whose } = error.budget;
  expect(new Date(resetsAt).toISOString()).toMatch(/T15:00:00\.000Z$/); // midnight in Tokyo
  expect(new Date(resetsAt).getUTCDay()).toBe(0); // Monday there
  expect(Math.abs(Date.parse(resetsAt) - Date.now() - seconds * 1_000)).toBeLessThan(60_000);
  expect(whose).toMatch(/^principal key:/);
  expect(error.message).toBe(
    'The budget "refused" does not suffice: 2 calls a week, 0 calls left, and the call takes 1 call.',
  );
  expect(error.suggestedAction).toContain(resetsAt);
  // Another caller has an account of its own.
  expect(await outcomes(1, 't.refused', { key: await fairlead.makeKey(['developer']) })).toEqual(['ok']);
});

it.each(['modern', 'sessions'] as const)(
  'tell MCP clients (%s) in the error and in _meta, and warn [CO-6]',
  async (era) => {
    const key = await fairlead.makeKey(['developer']);
    const none = new AbortController();
    const warned = fairlead.running.house.events.when('default', 'budget.warning', none.signal);
    const client = await caller(fairlead, era, { key });
    const use = () => client.callTool({ name: 't_told', arguments: {} });
    expect((await use())._meta?.['dev.fairlead/budgets']).toMatchObject([{ budget: 'told', limit: 2, remaining: 1 }]);
    expect((await warned)?.data).toMatchObject({ budget: 'told', percent: 50, spent: 1 });
    await use();
    const refused = await use();
    expect(refused.isError).toBe(true);
    expect(refused._meta).toMatchObject({
      'dev.fairlead/error': { code: 'BUDGET_SPENT', budget: { budget: 'told', remaining: 0 } },
      'dev.fairlead/budgets': [{ budget: 'told', remaining: 0, used: 2 }],
    });
  },
);

it('hold of all budgets that cover a call, or of none, and take what its tool is said to cost [CO-6]', async () => {
  expect(await outcomes(3, 't.narrow')).toEqual(['ok', 'limited', 'limited']);
  expect(await account('wide')).toMatchObject({ spent: 1, held: 0 });
  const units = await call('t.units');
  expect(units.headers.get('fairlead-cost')).toBe('calls=1, units=2.5, amount=0.1, currency="EUR"');
  // Dollars have nothing to do with it.
  expect(units.headers.get('fairlead-budget')).toMatch(
    /^"money";r=0\.9;t=\d+;q=1;qu="EUR", "units";r=3\.5;t=\d+;q=6;qu="units"$/,
  );
  expect(await outcomes(2, 't.units')).toEqual(['ok', 'limited']);
  expect(await account('units')).toMatchObject({ spent: 5, remaining: 1 });
  expect(await account('money')).toMatchObject({ spent: 0.2, remaining: 0.8 });
  expect((await show('dollars')).accounts).toEqual([]);
});

it('have an account for each team, of which a call takes from each that its caller is in [CO-6]', async () => {
  const { id, browser } = await invited(fairlead, 'kim@example.com', { role: 'developer' });
  await fairlead.request(`/api/v1/users/${id}`, { method: 'PUT', json: { teams: ['web', 'on-call'] } });
  const { access_token: key } = await tokensFor(fairlead, browser);
  expect(await outcomes(1, 't.team')).toEqual(['ok']); // of those who are in none
  expect(await outcomes(3, 't.team', { key })).toEqual(['ok', 'ok', 'limited']);
  const { accounts } = await show('teams');
  const stands = accounts.map(({ account: whose, spent }: { account: string; spent: number }) => `${whose}: ${spent}`);
  expect(stands.sort()).toEqual(['no team: 1', 'team on-call: 2', 'team web: 2']);
});

it('take what the results of trusted upstreams tell, also more than was held, and of no others [CO-6]', async () => {
  const dear = await call('trusted.dear');
  expect(dear.headers.get('fairlead-budget')).toMatch(/^"dear";r=15;/); // 5 are held
  expect(dear.headers.get('fairlead-cost')).toBe('calls=1, units=7, amount=0.25, currency="EUR"');
  expect((await dear.json()).result._meta).toBeUndefined();
  expect(await account('dear')).toMatchObject({ spent: 7, held: 0 });
  expect((await call('trusted.odd')).headers.get('fairlead-cost')).toBe('calls=1, units=3');
  expect(await outcomes(3, 'trusted.dear')).toEqual(['ok', 'limited', 'limited']); // 17 and 5 are more than 20
  expect((await call('boastful.cheap')).headers.get('fairlead-cost')).toBe('calls=1, units=5');
  expect(await outcomes(1, 'boastful.cheap')).toEqual(['limited']);
});

it('count each call of a plan, and a request that is repeated by its key once [CO-6]', async () => {
  const steps = Array.from({ length: 4 }, (_, n) => ({
    id: `s${n}`,
    tool: 't.step',
    arguments: {},
    onError: 'continue',
  }));
  const plan = await (await call('fairlead.run_tools', { args: { steps } })).json();
  expect(plan.outcome, JSON.stringify(plan)).not.toBe('invalid');
  expect(await account('steps')).toMatchObject({ spent: 3 });
  const headers = { 'idempotency-key': 'the-same' };
  expect(await outcomes(4, 't.once', { headers })).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect(await account('once')).toMatchObject({ spent: 1, held: 0 });
});

it('take nothing for what the cache tells, unless that has a price [CO-6]', async () => {
  await call('t.cached');
  const again = await call('t.cached');
  expect(again.headers.get('fairlead-cost')).toBeNull();
  expect(await account('cached')).toMatchObject({ spent: 1, held: 0 });
  await call('t.hit');
  expect((await call('t.hit')).headers.get('fairlead-cost')).toBe('calls=1, units=1');
  expect(await account('cached')).toMatchObject({ spent: 6, held: 0 });
});

it('hold nothing for a call that waits for consent, and take it when it is made [CO-6]', async () => {
  const asked = await (await call('ledger.pay', { args: { text: 'rent' } })).json();
  expect(asked.outcome).toBe('pending_approval');
  expect(await account('consent')).toMatchObject({ spent: 0, held: 0, remaining: 1 });
  const key = await fairlead.makeKey(['operator']);
  const id = asked.result.structuredContent.approvalId;
  await fairlead.request(`/api/v1/approvals/${id}/decision`, { key, json: { decision: 'approve' } });
  await expect.poll(async () => (await account('consent')).spent, { timeout: 60_000 }).toBe(1);
  expect(await outcomes(1, 'ledger.free', { args: { text: 'more' } })).toEqual(['limited']);
});

it('take what was cancelled on the way, and not what reached nobody [CO-6]', async () => {
  const client = await caller(fairlead, 'modern');
  const cancel = new AbortController();
  const use = { name: 'slow_count', arguments: { everyMs: 1_000 } };
  const running = client.callTool(use, { signal: cancel.signal, onprogress: () => cancel.abort() });
  await expect(running).rejects.toThrow();
  const one = { spent: 1, held: 0 };
  await expect.poll(() => account('slow'), { timeout: 60_000 }).toMatchObject(one);
  expect(await outcomes(1, 'slow.nothing')).toEqual(['denied']);
  expect(await outcomes(1, 'gone.any')).toEqual(['failed']);
  expect(await account('slow')).toMatchObject(one);
  const records = (await (await fairlead.request('/api/v1/audit?tool=slow.count')).json()).records;
  expect(records).toMatchObject([{ outcome: 'cancelled', cost: { calls: 1 } }]);
});

it('hold what an answer may take of a model at most, and take what it took [CO-6]', async () => {
  const form = new FormData();
  form.set('collection', 'handbook');
  form.set('file', new Blob(['# Releases\n\nReleases leave every Tuesday at 10:00 UTC.\n']), 'releases.md');
  const headers = { authorization: `Bearer ${fairlead.adminKey}` };
  const sent = await fetch(`${fairlead.url}/api/v1/knowledge/documents`, { method: 'POST', body: form, headers });
  expect(sent.status).toBe(201);
  const answer = await call('knowledge.answer', { args: { question: 'When do releases leave?' } });
  const held = /"answers";r=(\d+);/.exec(answer.headers.get('fairlead-budget') ?? '')?.[1];
  expect(Number(held)).toBeLessThan(20_000 - 6_000);
  expect(answer.headers.get('fairlead-cost')).toBe('calls=1, tokens=1000, amount=0.019, currency="EUR"');
  expect(await account('answers')).toMatchObject({ spent: 1_000, held: 0, remaining: 19_000 });
  expect(await account('answers-money')).toMatchObject({ spent: 0.019, held: 0 });
});

it('are set, changed and removed while the server runs, which is an act, and refuse what is wrong [CO-6]', async () => {
  const put = (name: string, settings: unknown) =>
    fairlead.request(`/api/v1/budgets/${name}`, { method: 'PUT', json: { settings } });
  expect((await put('crowd', { calls: 1 })).status).toBe(409);
  const wrong = await (await put('Bad Name', { calls: 0, per: 'year', timezone: 'Mars/Olympus' })).json();
  expect(wrong.message).toMatch(/name:.*calls.*per.*timezone/);
  expect((await (await put('both', { calls: 1, units: 1 })).json()).message).toContain('must have one of calls, units');
  const added = await put('added', { of: { tools: ['t.run*'] }, calls: 1 });
  expect(await added.json()).toMatchObject({
    name: 'added',
    source: 'runtime',
    settings: { per: 'month', warnAt: [80] },
  });
  expect(await outcomes(2, 't.runtime')).toEqual(['ok', 'limited']);
  await put('added', { of: { tools: ['t.run*'] }, calls: 2 });
  expect(await outcomes(2, 't.runtime')).toEqual(['ok', 'limited']); // what was spent stays spent
  const { budgets } = await (await fairlead.request('/api/v1/budgets')).json();
  expect(budgets.find(({ name }: { name: string }) => name === 'added').most).toMatchObject({ spent: 2, remaining: 0 });
  const operator = await fairlead.makeKey(['operator']);
  expect((await fairlead.request('/api/v1/budgets', { key: operator })).status).toBe(200);
  expect((await fairlead.request('/api/v1/budgets/added', { method: 'DELETE', key: operator })).status).toBe(403);
  expect((await fairlead.request('/api/v1/budgets/crowd', { method: 'DELETE' })).status).toBe(409);
  expect((await fairlead.request('/api/v1/budgets/added', { method: 'DELETE' })).status).toBe(204);
  expect((await fairlead.request('/api/v1/budgets/added', { method: 'DELETE' })).status).toBe(404);
  expect((await fairlead.request('/api/v1/budgets/added')).status).toBe(404);
  expect(await outcomes(1, 't.runtime')).toEqual(['ok']);
  const { records } = await (await fairlead.request('/api/v1/audit?limit=200&kind=act')).json();
  const acts = records.filter(
    ({ action, outcome }: Record<string, string>) => /^budgets/.test(`${action}`) && outcome === 'ok',
  );
  expect(acts.map(({ action, subject }: Record<string, string>) => `${action} ${subject}`)).toEqual([
    'budgets.remove added',
    'budgets.put added',
    'budgets.put added',
  ]);
});

it('are told to agents with each tool that they concern, and counted where they refuse [CO-6]', async () => {
  const { budgets } = await (await fairlead.request('/api/v1/tools/t.narrow')).json();
  expect(budgets).toEqual([
    '1 call a month of all callers together (budget narrow)',
    '5 calls a month of all callers together (budget wide)',
  ]);
  const metrics = await (await fairlead.request('/metrics')).text();
  expect(metrics).toMatch(/^fairlead_budget_refusals_total\{budget="narrow"\} 2$/m);
});

it('keep organisations apart [CO-6]', async () => {
  await fairlead.request('/api/v1/orgs', { json: { id: 'other', name: 'Other' } });
  const settings = { of: { tools: ['t.runtime'] }, calls: 1 };
  await fairlead.request('/api/v1/budgets/mine?org=other', { method: 'PUT', json: { settings } });
  expect(await outcomes(2, 't.runtime')).toEqual(['ok', 'ok']); // none of theirs
  expect((await fairlead.request('/api/v1/budgets/mine')).status).toBe(404);
  const key = await fairlead.makeKey(['admin'], { org: 'other' });
  expect(await (await fairlead.request('/api/v1/usage?by=tool', { key })).json()).toMatchObject({ usage: [] });
});

it('report by day, tool and principal what the audit says, record by record [CO-6]', async () => {
  await outcomes(1, 't.wrong');
  const lines = await (await fairlead.request('/api/v1/audit/export')).text();
  const costs = lines
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ cost }) => cost);
  const sumBy = (nameOf: (record: { at: number; tool: string; principal: { id: string } }) => string) => {
    const sums: Record<string, { calls: number; units: number; tokens: number; money: Record<string, number> }> = {};
    for (const { cost, ...record } of costs) {
      const name = nameOf(record);
      sums[name] ??= { calls: 0, units: 0, tokens: 0, money: {} };
      const sum = sums[name];
      sum.calls += cost.calls;
      sum.units += cost.units ?? 0;
      sum.tokens += cost.tokens ?? 0;
      if (cost.amount) sum.money[cost.currency] = rounded((sum.money[cost.currency] ?? 0) + cost.amount);
    }
    return sums;
  };
  const report = async (by: string) => {
    const { usage } = await (await fairlead.request(`/api/v1/usage?by=${by}`)).json();
    return Object.fromEntries(usage.map(({ name, ...sums }: { name: string }) => [name, sums]));
  };
  expect(costs.length).toBeGreaterThan(80);
  expect(await report('tool')).toEqual(sumBy(({ tool }) => tool));
  expect(await report('principal')).toEqual(sumBy(({ principal }) => principal.id));
  expect(await report('day')).toEqual(sumBy(({ at }) => new Date(at).toISOString().slice(0, 10)));
  expect((await report('tool'))['t.crowd']).toEqual({ calls: 50, units: 0, tokens: 0, money: {} });
  // A look again counts nothing twice, and a filter is one.
  expect(await report('tool')).toEqual(sumBy(({ tool }) => tool));
  const { usage } = await (await fairlead.request('/api/v1/usage?by=tool&tool=t.wrong')).json();
  expect(usage).toMatchObject([{ name: 't.wrong', calls: 1 }]);
  expect((await (await fairlead.request('/api/v1/usage?until=2026-01-01')).json()).usage).toEqual([]);
  expect((await fairlead.request('/api/v1/usage?by=weather')).status).toBe(400);
  const key = await fairlead.makeKey(['developer']);
  expect((await fairlead.request('/api/v1/usage', { key })).status).toBe(403);
  const verified = await (await fairlead.request('/api/v1/audit/verify')).json();
  expect(verified.ok).toBe(true);
});

const rounded = (amount: number) => Math.round(amount * 1_000_000) / 1_000_000;
