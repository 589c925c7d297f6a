import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { type Browser, goodPassword, invited, openBrowser } from '../signin.ts';

// Consent in a browser: by who is signed in there, and by no form of anybody else's.

let ledger: Ledger;
let fairlead: Fairlead;
let kim: { id: string; browser: Browser };
let dora: { id: string; browser: Browser };
let agent: string;

beforeAll(async () => {
  ledger = openLedger();
  const rules = [
    { of: { tools: ['ledger.typed'] }, approvers: { teams: ['ops'] }, twoPersons: true },
    { of: { policies: ['ask-first'], tags: ['never'] }, expiryMinutes: 1 },
  ];
  fairlead = await startFairlead({ config: { ...ledger.config, approvals: { rules } } });
  kim = await invited(fairlead, 'kim@example.com', { role: 'operator' });
  dora = await invited(fairlead, 'dora@example.com', { role: 'operator' });
  const json = { name: 'doras agent', roles: ['operator'], userId: dora.id };
  agent = (await (await fairlead.request('/api/v1/keys', { json })).json()).secret;
}, 120_000);
afterAll(async () => {
  await fairlead?.stop();
  ledger?.remove();
});

const patience = { timeout: 60_000, interval: 100 };

async function ask(tool: string, text: string): Promise<{ approvalId: string; link: string }> {
  const json = { arguments: { text } };
  const body = await (await fairlead.request(`/api/v1/tools/ledger.${tool}/call`, { key: agent, json })).json();
  return body.result.structuredContent;
}

const stateOf = async (id: string) => (await (await fairlead.request(`/api/v1/approvals/${id}`)).json()).state;

it('is given by the link, after signing in, by somebody else who may [CO-1] [CO-2]', async () => {
  const { approvalId: id, link } = await ask('pay', 'by \u202elink');
  expect(link).toBe(`${fairlead.url}/auth/approvals/${id}`);
  const browser = await openBrowser(fairlead.url).open(link);
  expect(browser.page.url.pathname).toBe('/auth/sign-in');
  await browser.submit({ email: 'kim@example.com', password: goodPassword });
  expect(browser.page).toMatchObject({ status: 200, url: { href: link } });
  expect(browser.page.text).toContain('ledger.pay');
  expect(browser.page.text).toContain('by \\u{202e}link'); // what turns letters around is told, not done
  expect(browser.page.headers.get('content-security-policy')).toContain("default-src 'none'");
  await browser.submit({ decision: 'approve', comment: 'fine <b>' });
  expect(browser.page.text).toContain('fine &lt;b&gt;');
  await expect.poll(() => stateOf(id), patience).toBe('done');
  expect(ledger.lines()).toEqual(['pay by \u202elink']);
  const { records } = await (await fairlead.request('/api/v1/audit?kind=act')).json();
  const act = records.find((one: { action: string }) => one.action === 'approvals.decide');
  expect(act).toMatchObject({ subject: id, principal: { id: `user:${kim.id}` }, outcome: 'ok' });
}, 120_000);

it('is given for other arguments, in a form without script [CO-2]', async () => {
  const { approvalId: id, link } = await ask('pay', 'a \u202ethousand');
  await kim.browser.open(link);
  expect(kim.browser.page.text).toContain('\\u202ethousand'); // to be changed as it is, with nothing hidden
  await kim.browser.submit({ decision: 'approve', arguments: '{"text": ' });
  expect(kim.browser.page.status).toBe(400);
  expect(kim.browser.page.text).toContain('not a JSON object');
  await kim.browser.submit({ decision: 'approve', arguments: '["by form"]' });
  expect([kim.browser.page.status, kim.browser.page.text]).toEqual([400, expect.stringContaining('something else')]);
  await kim.browser.submit({ decision: 'approve', arguments: '{"text": 7}' });
  expect(kim.browser.page.status).toBe(400);
  expect(await stateOf(id)).toBe('pending');
  await kim.browser.submit({ decision: 'approve', arguments: '{"text": "by form"}' });
  await expect.poll(() => stateOf(id), patience).toBe('done');
  await kim.browser.open(link);
  expect(kim.browser.page.text).toMatch(/Changed to[\s\S]*by form/);
  expect(ledger.lines()).toContain('pay by form');
  expect(ledger.lines()).not.toContain('pay a \u202ethousand');
  const long = await ask('pay', 'x'.repeat(100_000));
  await kim.browser.open(long.link);
  expect(kim.browser.page.text).toContain('too long to be changed here');
}, 90_000);

it('is not given by the person behind the agent where it takes somebody else, and may be where not [CO-1] [CO-2]', async () => {
  const { approvalId: own, link } = await ask('pay', 'for dora');
  await dora.browser.open('/auth/approvals');
  expect(dora.browser.page.text).toContain(own);
  await dora.browser.open(link);
  await dora.browser.submit({ decision: 'approve' });
  expect(dora.browser.page.status).toBe(403);
  expect(dora.browser.page.text).toContain('Nobody decides on what they asked for themselves');
  expect(await stateOf(own)).toBe('pending');

  const { approvalId: id, link: confirming } = await ask('set', 'for dora');
  await dora.browser.open(confirming);
  await dora.browser.submit({ decision: 'approve' });
  await expect.poll(() => stateOf(id), patience).toBe('done');
  expect(ledger.lines()).toContain('set for dora');
}, 90_000);

it('is not there for who may not see it, and not taken from a form of somebody else [CO-2]', async () => {
  const { approvalId: id, link } = await ask('pay', 'hidden');
  const stranger = await invited(fairlead, 'vic@example.com', { role: 'developer' });
  await stranger.browser.open(link);
  expect(stranger.browser.page.status).toBe(404);
  expect(stranger.browser.page.text).not.toContain('hidden');
  await stranger.browser.open('/auth/approvals');
  expect(stranger.browser.page.text).toContain('Nothing waits');
  await kim.browser.open(link);
  await kim.browser.submit({ decision: 'approve', seal: 'forged' });
  expect(kim.browser.page.status).toBe(400);
  expect(await stateOf(id)).toBe('pending');
  await kim.browser.submit({ decision: 'reject' });
  expect(await stateOf(id)).toBe('rejected');
  expect(kim.browser.page.text).toContain('rejected');
  expect(ledger.lines()).not.toContain('pay hidden');
}, 90_000);

it('takes two people of those who are named, and none twice [CO-2]', async () => {
  const { approvalId: id, link } = await ask('typed', 'by two');
  await kim.browser.open(link);
  await kim.browser.submit({ decision: 'approve' });
  expect(kim.browser.page.status).toBe(403);
  expect(kim.browser.page.text).toContain('Others decide on this: team:ops');
  const [ada, ben] = [
    await invited(fairlead, 'ada@example.com', { teams: ['ops'] }),
    await invited(fairlead, 'ben@example.com', { teams: ['ops'] }),
  ];
  await ada.browser.open('/auth/approvals');
  expect(ada.browser.page.text).toContain(id);
  await ada.browser.open(link);
  await ada.browser.submit({ decision: 'approve' });
  expect(await stateOf(id)).toBe('pending');
  // Whoever comes second and changes it has not approved what the first one did, nor the other way round.
  const { argumentDigest } = await (await fairlead.request(`/api/v1/approvals/${id}`)).json();
  await ben.browser.open(link);
  await ben.browser.submit({ decision: 'approve', arguments: '{"text": "by both"}' });
  expect(await stateOf(id)).toBe('pending');
  await ada.browser.submit({ decision: 'approve', seen: argumentDigest });
  expect(ada.browser.page.status).toBe(409);
  expect(ada.browser.page.text).toContain('not on those that stand now');
  await ben.browser.submit({ decision: 'approve' });
  expect(ben.browser.page.status).toBe(409);
  expect(ben.browser.page.text).toContain('it takes a second person');
  // Without a word on what was seen, that was what had been asked for.
  await ada.browser.open(link);
  await ada.browser.submit({ decision: 'approve', seen: '' });
  expect(ada.browser.page.status).toBe(409);
  expect(await stateOf(id)).toBe('pending');
  await ada.browser.submit({ decision: 'approve' });
  await expect.poll(() => stateOf(id), patience).toBe('done');
  expect(ledger.lines().filter((line) => line.startsWith('typed'))).toEqual(['typed by both']);
}, 90_000);

it('takes two people, and none twice [CO-2]', async () => {
  const { approvalId: id, link } = await ask('typed', 'by two again');
  const [ada, ben] = [
    await invited(fairlead, 'ana@example.com', { teams: ['ops'] }),
    await invited(fairlead, 'bob@example.com', { teams: ['ops'] }),
  ];
  await ada.browser.open(link);
  await ada.browser.submit({ decision: 'approve' });
  await ada.browser.submit({ decision: 'approve' });
  expect(ada.browser.page.status).toBe(409);
  expect(ada.browser.page.text).toContain('it takes a second person');
  expect(ledger.lines()).not.toContain('typed by two again');
  await ben.browser.open(link);
  await ben.browser.submit({ decision: 'approve' });
  await expect.poll(() => stateOf(id), patience).toBe('done');
  expect(ledger.lines().filter((line) => line === 'typed by two again')).toHaveLength(1);
}, 90_000);

it('of many approvals at once counts as many people as there are [CO-2]', async () => {
  const { approvalId: id } = await ask('typed', 'many at once');
  const people = await Promise.all(
    ['cam', 'dan', 'eve'].map((name) => invited(fairlead, `${name}@example.com`, { teams: ['ops'] })),
  );
  for (const { browser } of people) await browser.open(`/auth/approvals/${id}`);
  await Promise.all(people.map(({ browser }) => browser.submit({ decision: 'approve' })));
  expect(people.map(({ browser }) => browser.page.status).toSorted()).toEqual([200, 200, 409]);
  const { decisions } = await (await fairlead.request(`/api/v1/approvals/${id}`)).json();
  expect(new Set(decisions.map((one: { subject: string }) => one.subject)).size).toBe(2);
}, 90_000);

it('ends with everything else of a person whose access is revoked [CO-2]', async () => {
  const { approvalId: id } = await ask('pay', 'revoked');
  const revoked = await fairlead.request(`/api/v1/users/${dora.id}/revoke`, { method: 'POST', json: {} });
  expect((await revoked.json()).ended).toMatchObject({ approvals: expect.any(Number) });
  expect(await stateOf(id)).toBe('void');
}, 60_000);
