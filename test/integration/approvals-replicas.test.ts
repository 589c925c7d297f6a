import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase } from '../database.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type Ledger, openLedger } from '../ledger.ts';

// Two servers over one database: a call is asked for at one and may be decided, made and told at the other.

const postgres = process.env.TEST_DATABASE_URL;
const env = {
  FAIRLEAD_SECRET: 'the secret of every test, thirty-two bytes or more',
  FAIRLEAD_ADMIN_KEY: 'fl_test_0123456789abcdef0123456789abcdef0123456789abcdef',
};
let ledger: Ledger;
let servers: [Fairlead, Fairlead];
let agent: string;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  if (!postgres) return;
  ledger = openLedger();
  cleanups.push(ledger.remove);
  const { database, stop } = await openTestDatabase([], { kind: 'postgres' });
  cleanups.push(stop);
  const both = { config: ledger.config, env: { ...env, DATABASE_URL: database.pool.options.connectionString ?? '' } };
  const first = await startFairlead(both);
  cleanups.push(first.stop);
  const second = await startFairlead(both);
  cleanups.push(second.stop);
  servers = [first, second];
  agent = await first.makeKey(['operator']);
}, 180_000);
afterAll(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function ask(server: Fairlead, text: string): Promise<string> {
  const call = () => server.request('/api/v1/tools/ledger.pay/call', { key: agent, json: { arguments: { text } } });
  const body = await (await call()).json();
  return body.result.structuredContent.approvalId;
}

it.skipIf(!postgres)(
  'a call asked for at one server is decided once and made once by all of them [CO-2] [CO-3]',
  async () => {
    const [first, second] = servers;
    // Followed by poll where a notice was missed: the key may be new to the second.
    await expect
      .poll(async () => (await second.request('/api/v1/me', { key: agent })).status, { timeout: 30_000 })
      .toBe(200);
    const texts = Array.from({ length: 12 }, (_, at) => `call ${at}`);
    const ids = await Promise.all(texts.map((text, at) => ask(servers[at % 2] as Fairlead, text)));
    const waiting = ids.map(async (id, at) => {
      const json = { arguments: { approval_id: id, wait_seconds: 50 } };
      const other = servers[(at + 1) % 2] as Fairlead;
      return (await other.request('/api/v1/tools/fairlead.approval_result/call', { key: agent, json })).json();
    });
    const decisions = ids.flatMap((id) =>
      [first, second].map(async (server) => {
        const json = { decision: 'approve' };
        return (await server.request(`/api/v1/approvals/${id}/decision`, { json })).status;
      }),
    );
    const statuses = await Promise.all(decisions);
    expect(statuses.filter((status) => status === 200)).toHaveLength(ids.length);
    expect(statuses.filter((status) => status === 409)).toHaveLength(ids.length);
    for (const [at, ended] of (await Promise.all(waiting)).entries())
      expect(ended).toMatchObject({ outcome: 'ok', result: { content: [{ text: `wrote ${texts[at]}` }] } });
    expect(ledger.lines().toSorted()).toEqual(texts.map((text) => `pay ${text}`).toSorted());
  },
  180_000,
);

it.skipIf(!postgres)(
  'fifty who decide at once, on both of them, take one decision [CO-2]',
  async () => {
    const [first, second] = servers;
    const keys = await Promise.all(Array.from({ length: 50 }, () => first.makeKey(['admin'])));
    const known = () =>
      Promise.all(keys.map(async (key) => (await second.request('/api/v1/me', { key })).status)).then(
        (all) => new Set(all),
      );
    await expect.poll(known, { timeout: 30_000 }).toEqual(new Set([200]));
    const id = await ask(first, 'contested');
    const statuses = await Promise.all(
      keys.map(async (key, at) => {
        const server = at % 2 ? first : second;
        const json = at % 3 === 0 ? { decision: 'reject' } : { decision: 'approve', arguments: { text: `by ${at}` } };
        return (await server.request(`/api/v1/approvals/${id}/decision`, { key, json })).status;
      }),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(49);
    const shown = async () => (await first.request(`/api/v1/approvals/${id}`)).json();
    await expect.poll(async () => (await shown()).state, { timeout: 60_000 }).toMatch(/^(done|rejected)$/);
    const { state, decisions } = await shown();
    expect(decisions).toHaveLength(1);
    const won = statuses.indexOf(200);
    const made = ledger.lines().filter((line) => line.startsWith('pay by '));
    expect(made).toEqual(state === 'done' ? [`pay by ${won}`] : []);
    expect(state).toBe(won % 3 === 0 ? 'rejected' : 'done');
  },
  120_000,
);
