import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { connectBy, type PeopleUpstream, servePeopleUpstream } from '../people-upstream.ts';
import { type Browser, invited, openBrowser } from '../signin.ts';

let upstream: PeopleUpstream;
let fairlead: Fairlead;
let kim: { id: string; browser: Browser };

beforeAll(async () => {
  upstream = await servePeopleUpstream();
  fairlead = await startFairlead({
    config: {
      egress: { allow: ['127.0.0.1'] },
      upstreams: { tickets: { url: upstream.url, auth: { grant: 'authorization_code' } } },
    },
  });
});
afterAll(async () => {
  await fairlead?.stop();
  await upstream?.stop();
});

const callAs = async (key: string, text: string, tool = 'tickets.echo') => {
  const response = await fairlead.request(`/api/v1/tools/${tool}/call`, { key, json: { arguments: { text } } });
  return { status: response.status, body: await response.json() };
};
const linkIn = (text: string) => /https?:\S+\/auth\/connections\/start\S+/.exec(text)?.[0] ?? '';

describe('an upstream that people use with accounts of their own', () => {
  test('waits for the first sign-in, then is listed and called with it [AC-4]', async () => {
    const status = await (await fairlead.request('/api/v1/upstreams/tickets')).json();
    expect(status).toMatchObject({ state: 'failing', reason: 'it waits for somebody to sign in' });
    const key = await fairlead.makeKey(['developer']);
    const asked = await fairlead.request('/api/v1/connections/tickets', { key, method: 'POST' });
    expect(asked.status, await asked.clone().text()).toBe(201);
    const { link } = await asked.json();
    const browser = openBrowser(fairlead.url);
    await connectBy(browser, link, upstream, 'bot');
    expect(browser.page.text).toContain('Connected');
    await expect
      .poll(async () => (await (await fairlead.request('/api/v1/upstreams/tickets')).json()).state, { timeout: 30_000 })
      .toBe('live');
    const made = await callAs(key, 'ahoy');
    expect(made, JSON.stringify(made)).toMatchObject({ status: 200, body: { outcome: 'ok' } });
    expect(upstream.heard.findLast(({ rpc }) => rpc === 'tools/call')).toMatchObject({ account: 'bot' });
  });

  test('a caller without a connection gets the link, and works as soon as it was used [AC-4]', async () => {
    const key = await fairlead.makeKey(['developer']);
    const refused = await callAs(key, 'mine');
    expect(refused).toMatchObject({ status: 403, body: { outcome: 'denied', error: { code: 'CONNECTION_NEEDED' } } });
    const link = linkIn(refused.body.error.suggestedAction);
    expect(link).not.toBe('');
    expect(linkIn((await callAs(key, 'mine')).body.error.suggestedAction)).toBe(link);
    await connectBy(openBrowser(fairlead.url), link, upstream, 'second');
    expect(await callAs(key, 'mine')).toMatchObject({ status: 200, body: { outcome: 'ok' } });
    expect(upstream.heard.findLast(({ body }) => body.includes('mine'))).toMatchObject({ account: 'second' });
  });
});
