import { randomBytes } from 'node:crypto';
import { sign } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase } from '../database.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type Receiver, startReceiver } from '../receiver.ts';

// Two servers over one database: what happens at one is known at the other, and delivered by one of them.

const postgres = process.env.TEST_DATABASE_URL;
const env = {
  FAIRLEAD_SECRET: 'the secret of every test, thirty-two bytes or more',
  FAIRLEAD_ADMIN_KEY: 'fl_test_0123456789abcdef0123456789abcdef0123456789abcdef',
};
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const shared = 'a secret that both have';
let receiver: Receiver;
let servers: [Fairlead, Fairlead];
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  if (!postgres) return;
  receiver = await startReceiver();
  cleanups.push(receiver.stop);
  const { database, stop } = await openTestDatabase([], { kind: 'postgres' });
  cleanups.push(stop);
  const config = {
    events: {
      destinations: {
        all: { type: 'webhook', url: `${receiver.url}/all`, secrets: secret, events: ['many.*', 'hook.*'] },
      },
      sources: { forge: { format: 'github', secrets: shared } },
    },
    egress: { allow: ['127.0.0.1'] },
  };
  const both = { config, env: { ...env, DATABASE_URL: database.pool.options.connectionString ?? '' } };
  const first = await startFairlead(both);
  cleanups.push(first.stop);
  const second = await startFairlead(both);
  cleanups.push(second.stop);
  servers = [first, second];
}, 180_000);
afterAll(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

it.skipIf(!postgres)(
  'each event is delivered once by the two, whichever it happened on, and heard of on both [CO-9]',
  async () => {
    const signal = new AbortController().signal;
    const heard = servers.map(({ running }) => running.house.events.when('default', 'many.last', signal));
    const count = 60;
    const publishing = Array.from({ length: count }, (_, number) => {
      const { events, database } = (servers[number % 2] as Fairlead).running.house;
      const one = { type: number === count - 1 ? 'many.last' : 'many.some', org: 'default', data: { number } };
      return database.db.transaction().execute((trx) => events.publish(trx, one));
    });
    await Promise.all(publishing);
    expect((await Promise.all(heard)).map((event) => event?.data.number)).toEqual([count - 1, count - 1]);
    const posted = await receiver.got('/all', count);
    const settled = async () =>
      (await (await servers[0].request('/api/v1/events/deliveries?state=waiting')).json()).deliveries.length;
    await expect.poll(settled, { timeout: 60_000 }).toBe(0);
    const all = receiver.posted.map(
      (one) => new Webhook(secret).verify(one.body, one.headers) as never as { data: { number: number } },
    );
    expect(all.map(({ data }) => data.number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (_, at) => at),
    );
    expect(new Set(posted.map(({ headers }) => headers['webhook-id'])).size).toBe(count);
  },
  120_000,
);

it.skipIf(!postgres)(
  'what a sender delivers to both at once counts once, and a destination added at one is known to the other [CO-9]',
  async () => {
    const [first, second] = servers;
    const json = { settings: { type: 'webhook', url: `${receiver.url}/pushes`, events: ['hook.forge.push'] } };
    const made = await (await first.request('/api/v1/events/destinations/pushes', { method: 'PUT', json })).json();
    const names = async () =>
      (await (await second.request('/api/v1/events/destinations')).json()).destinations.map(
        ({ name }: { name: string }) => name,
      );
    await expect.poll(names, { timeout: 30_000 }).toContain('pushes');

    const body = JSON.stringify({ ref: 'refs/heads/main' });
    const headers = {
      'x-hub-signature-256': await sign(shared, body),
      'x-github-event': 'push',
      'x-github-delivery': '1',
    };
    const init = { key: null, method: 'POST', body, headers };
    const answers = await Promise.all([first, second, first, second].map((one) => one.request('/hooks/forge', init)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 202]);
    const [posted] = await receiver.got('/pushes');
    expect(new Webhook(made.secret).verify(posted?.body ?? '', posted?.headers ?? {})).toMatchObject({
      type: 'hook.forge.push',
    });
    const deliveries = (await (await second.request('/api/v1/events/deliveries?destination=pushes')).json()).deliveries;
    expect(deliveries).toHaveLength(1);
  },
  120_000,
);
