import { createHmac, randomBytes } from 'node:crypto';
import { sign as githubSign } from '@octokit/webhooks-methods';
import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';

// What outside senders deliver, signed by the libraries that they use.

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;
const [current, former] = [newSecret(), newSecret()];
const shared = 'a secret that both have';
const newer = 'the secret that comes after it';
let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({
    config: {
      events: {
        maxHookBytes: 4_096,
        sources: {
          billing: { format: 'standard', secrets: [current, former] },
          forge: { format: 'github', secrets: shared },
          theirs: { format: 'github', org: 'theirs', secrets: shared },
          plain: { format: 'generic', secrets: [newer, shared], signatureHeader: 'X-Plain', prefix: 'v0=' },
          dated: {
            ...{
              format: 'generic',
              secrets: shared,
              encoding: 'base64',
              timestampHeader: 'x-time',
              toleranceSeconds: 60,
            },
            ...{ idHeader: 'x-id', kindHeader: 'x-kind' },
          },
        },
      },
    },
  });
}, 60_000);
afterAll(() => fairlead?.stop());

const send = async (source: string, body: string | Buffer, headers: Record<string, string>) => {
  const response = await fairlead.request(`/hooks/${source}`, { key: null, method: 'POST', body, headers } as never);
  return { status: response.status, ...(await response.json()) };
};
const events = async (type: string) => {
  const { db } = fairlead.running.house.database;
  const { rows } = await sql<{ org: string; type: string; data: { delivery?: string; payload: unknown } }>`
    select org, type, data from events where type like ${type} order by id`.execute(db);
  return rows;
};
const standard = (secret: string, id: string, body: string, at = new Date()) => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
  'webhook-signature': new Webhook(secret).sign(id, at, body),
});
const minutesFromNow = (minutes: number) => new Date(Date.now() + minutes * 60_000);
const refused = { status: 401, code: 'HOOK_REFUSED' };

it('what is signed by Standard Webhooks becomes an event, once, by any of the secrets [CO-9]', async () => {
  const body = JSON.stringify({ type: 'Invoice.paid', data: { amount: 12, of: 'Größe\u0000' } });
  const headers = standard(current, 'msg_1', body);
  expect(await send('billing', body, headers)).toEqual({ status: 202, accepted: true });
  expect(await send('billing', body, headers)).toEqual({ status: 200, repeated: true });
  // A sender that tries again signs again.
  expect(await send('billing', body, standard(former, 'msg_1', body, minutesFromNow(1)))).toMatchObject({
    status: 200,
  });
  expect(await send('billing', body, standard(former, 'msg_2', body))).toMatchObject({ status: 202 });
  const all = await events('hook.billing.%');
  expect(all.map(({ type, data }) => [type, data.delivery])).toEqual([
    ['hook.billing.invoice.paid', 'msg_1'],
    ['hook.billing.invoice.paid', 'msg_2'],
  ]);
  expect(all[0]).toMatchObject({ org: 'default', data: { payload: { data: { amount: 12 } } } });
});

it('what is unsigned, changed, old, from the future or for nobody is refused by the same words [CO-9]', async () => {
  const body = '{"type":"refused"}';
  const good = standard(current, 'msg_9', body);
  const wrong = [
    send('billing', body, {}),
    send('billing', `${body} `, good),
    send('billing', body, { ...good, 'webhook-id': 'msg_10' }),
    send('billing', body, { ...good, 'webhook-signature': `v1a,${good['webhook-signature'].slice(3)}` }),
    send('billing', body, { ...good, 'webhook-signature': '' }),
    send('billing', body, standard(newSecret(), 'msg_9', body)),
    send('billing', body, standard(current, 'msg_9', body, minutesFromNow(-6))),
    send('billing', body, standard(current, 'msg_9', body, minutesFromNow(6))),
    send('billing', body, standard(current, 'x'.repeat(300), body)),
    send('nowhere', body, good),
    send('toString', body, good),
    send('forge', body, { 'x-hub-signature-256': 'sha256=' }),
    send('dated', body, { 'x-signature': createHmac('sha256', shared).update(body).digest('base64') }),
  ];
  const [first, ...rest] = await Promise.all(wrong);
  expect(first).toMatchObject(refused);
  for (const one of rest) expect(one).toEqual(first);
  expect(await events('%refused%')).toEqual([]);
  expect(await send('billing', body, good)).toMatchObject({ status: 202 }); // so it was not that
  expect((await fairlead.request('/hooks/billing', { key: null })).status).toBe(404);
});

it('a delivery of GitHub counts once, whatever id it is given when it is sent again [CO-9]', async () => {
  const body = JSON.stringify({ ref: 'refs/heads/main', commits: [] });
  const headers = {
    'x-hub-signature-256': await githubSign(shared, body),
    'x-github-event': 'push',
    'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    'content-type': 'application/json',
  };
  const crowd = await Promise.all(Array.from({ length: 5 }, () => send('forge', body, headers)));
  expect(crowd.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 202]);
  expect(await send('forge', body, { ...headers, 'x-github-delivery': 'another' })).toMatchObject({ repeated: true });
  expect(await send('forge', body, { ...headers, 'x-github-event': 'release' })).toMatchObject({ repeated: true });
  expect(await send('theirs', body, headers)).toMatchObject({ accepted: true });
  const pushes = await events('hook.%.push');
  expect(pushes.map(({ org, type }) => [org, type])).toEqual([
    ['default', 'hook.forge.push'],
    ['theirs', 'hook.theirs.push'],
  ]);
  expect(pushes[0]?.data.payload).toEqual({ ref: 'refs/heads/main', commits: [] });
});

it('any HMAC SHA-256 will do, with a time that is signed along or without one [CO-9]', async () => {
  const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text);
  const text = 'no JSON at all';
  const plain = { 'x-plain': `v0=${hmac(newer, text).digest('hex')}` };
  expect(await send('plain', text, plain)).toMatchObject({ status: 202 });
  expect(await send('plain', text, plain)).toMatchObject({ status: 200 });
  expect(await send('plain', text, { 'x-plain': hmac(newer, text).digest('hex') })).toMatchObject(refused);
  const other = '{"__proto__":{}}';
  expect(await send('plain', other, { 'x-plain': `v0=${hmac(shared, other).digest('hex')}` })).toMatchObject({
    status: 202,
  });
  expect((await events('hook.plain.received')).map(({ data }) => data.payload)).toEqual([text, other]);

  const dated = (seconds: number, id: string) => ({
    'x-time': String(seconds),
    'x-signature': hmac(shared, `${seconds}.${text}`).digest('base64'),
    'x-id': id,
    'x-kind': 'Build.Done!',
  });
  const now = Math.floor(Date.now() / 1_000);
  expect(await send('dated', text, dated(now, '1'))).toMatchObject({ status: 202 });
  expect(await send('dated', text, dated(now, '2'))).toMatchObject({ status: 200 }); // the id is not signed
  expect(await send('dated', text, dated(now - 1, '1'))).toMatchObject({ status: 200 });
  expect(await send('dated', text, dated(now, '3'))).toMatchObject({ status: 200 });
  expect(await send('dated', text, dated(now - 1, '3'))).toMatchObject({ status: 202 }); // as if it had not been named before
  expect(await send('dated', text, dated(now - 120, '4'))).toMatchObject(refused);
  expect((await events('hook.dated.%')).map(({ type }) => type)).toEqual([
    'hook.dated.build.done_',
    'hook.dated.build.done_',
  ]);
});

it('what is too large is not read, for a source as for none; and all of it is counted [CO-9]', async () => {
  const body = 'x'.repeat(5_000);
  const large = await send('billing', body, standard(current, 'msg_20', body));
  expect(large).toMatchObject({ status: 413, code: 'HOOK_TOO_LARGE' });
  expect(await send('nowhere', body, {})).toEqual(large);
  const stream = new ReadableStream({
    start(controller) {
      for (let part = 0; part < 10; part++) controller.enqueue(new TextEncoder().encode('x'.repeat(1_000)));
      controller.close();
    },
  });
  const chunked = await fairlead.request('/hooks/billing', {
    key: null,
    method: 'POST',
    body: stream,
    duplex: 'half',
  } as never);
  expect(chunked.status).toBe(413);
  const metrics = await (await fairlead.request('/metrics', { key: null })).text();
  for (const [what, least] of [
    ['accepted', 7],
    ['repeated', 9],
    ['refused', 13],
  ] as const)
    expect(Number(new RegExp(`^fairlead_hooks_${what}_total (\\d+)$`, 'm').exec(metrics)?.[1])).toBeGreaterThanOrEqual(
      least,
    );
});
