import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { type MailServer, mailUser, startMailServer } from '../mailserver.ts';
import { type Browser, invited } from '../signin.ts';

// Approvers are told by mail and chat, in words that nobody who asks can turn into something else.

let ledger: Ledger;
let mail: MailServer;
let chat: Server;
let fairlead: Fairlead;
let agent: string;
let dora: { id: string; browser: Browser };
let kim: { id: string; browser: Browser };
const said: string[] = [];
const signed: { body: string; headers: Record<string, string> }[] = [];
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const address = (name: string) => `${name}@example.com`;

beforeAll(async () => {
  ledger = openLedger();
  mail = await startMailServer();
  chat = createServer(async (request, response) => {
    const body = await text(request);
    if (request.url === '/hook') signed.push({ body, headers: request.headers as Record<string, string> });
    else said.push(JSON.parse(body).text);
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(chat, 'listening');
  const at = `http://127.0.0.1:${(chat.address() as AddressInfo).port}`;
  fairlead = await startFairlead({
    config: {
      ...ledger.config,
      approvals: { rules: [{ of: { tools: ['ledger.typed'] }, approvers: { teams: ['ops'] }, twoPersons: true }] },
      events: {
        destinations: {
          mail: {
            type: 'email',
            events: ['approval.*'],
            host: '127.0.0.1',
            port: mail.port,
            ca: mail.ca,
            ...mailUser,
            from: address('fairlead'),
          },
          chat: {
            type: 'slack',
            events: ['approval.requested'],
            url: `${at}/services/T0/B0/secret-part`,
          },
          bot: { type: 'webhook', events: ['approval.*'], url: `${at}/hook`, secrets: secret },
        },
      },
    },
  });
  kim = await invited(fairlead, address('kim'), { role: 'operator' });
  dora = await invited(fairlead, address('dora'), { role: 'operator' });
  await invited(fairlead, address('vic'), { role: 'developer' });
  const wanted = { name: 'doras <!channel> agent', roles: ['operator'], userId: dora.id };
  agent = (await (await fairlead.request('/api/v1/keys', { json: wanted })).json()).secret;
}, 240_000);
afterAll(async () => {
  await fairlead?.stop();
  await mail?.stop();
  chat?.close();
  ledger?.remove();
});

async function ask(tool: string, args: object): Promise<{ approvalId: string; link: string }> {
  const response = await fairlead.request(`/api/v1/tools/ledger.${tool}/call`, {
    key: agent,
    json: { arguments: args },
  });
  return (await response.json()).result.structuredContent;
}
/** What a program is told of an approval, in order, each signed. */
const toldOf = (id: string) =>
  signed
    .map(
      ({ body, headers }) =>
        new Webhook(secret).verify(body, headers) as { type: string; subject: string; data: object },
    )
    .filter(({ subject }) => subject === id);
const stateOf = async (id: string) => (await (await fairlead.request(`/api/v1/approvals/${id}`)).json()).state;
const mailsOf = (id: string) => mail.mails.filter(({ text, headers }) => `${text}${headers.references}`.includes(id));

const evil =
  '</pre><a href="https://evil.example">ok</a> <https://evil.example|ok> ```@channel``` \r\nBcc: eve@evil.example \u202e';

it('go to who may decide and not to who asked, with what is asked for and nothing that it forges [CO-4]', async () => {
  const { approvalId: id, link } = await ask('pay', { text: evil, password: 'hunter2-hunter2' });
  const { to, head, text: plain, html } = await mail.got(address('kim'), /asks to call ledger\.pay/);
  expect(to).toEqual([address('kim')]);
  expect(plain).toContain(`Look at it and decide: ${link}`);
  expect(plain).toContain('Because of: ');
  expect(plain).toMatch(/Open until: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
  expect(plain).toContain('"password": "[redacted]"');
  expect(plain).toContain('\\u{202e}');
  expect(head).not.toMatch(/^bcc/im);
  expect(html).not.toContain('<a href="https://evil');
  expect(html.match(/<a /g)).toHaveLength(1);
  expect(html).toContain(`<a href="${link}">`);
  await expect.poll(() => said, { timeout: 60_000, interval: 50 }).toHaveLength(1);
  const [message = ''] = said;
  expect(message).toContain(`<${link}|Look at it and decide>`);
  expect(message.match(/<[^>]*>/g)).toEqual([`<${link}|Look at it and decide>`]);
  expect(message).toContain('&lt;!channel&gt;');
  expect(message.match(/```/g)).toHaveLength(2); // what was asked for stays in the block that it stands in
  expect(`${message}${plain}${html}`).not.toContain('hunter2');
  const { rows } = await fairlead.running.house.database.pool.query('select data from events');
  expect(JSON.stringify(rows)).not.toContain('hunter2');

  // A link decides nothing, whatever somebody puts behind it.
  await kim.browser.open(`${link}?decision=approve`);
  expect(kim.browser.page.status).toBe(200);
  expect(await stateOf(id)).toBe('pending');
  await kim.browser.submit({ decision: 'reject', comment: 'not <b>today</b>' });
  const rejected = await mail.got(address('dora'), /^Rejected by kim: ledger\.pay/);
  expect(rejected.to).toEqual([address('dora')]);
  expect(rejected.text).toContain('There is nothing to decide any more.');
  expect(rejected.html).toContain('not &#60;b&#62;today');
  expect(rejected.text).not.toContain('/auth/approvals/');
  expect(rejected.headers.references).toContain(id);
  await expect.poll(() => toldOf(id), { timeout: 60_000, interval: 50 }).toHaveLength(2);
  expect(toldOf(id).toSorted((a, b) => (a.type < b.type ? 1 : -1))).toMatchObject([
    { type: 'approval.requested', data: { tool: 'ledger.pay', link, arguments: { password: '[redacted]' } } },
    { type: 'approval.decided', data: { state: 'rejected', decision: 'reject', by: { name: 'kim' } } },
  ]);
}, 120_000);

it('go to the second one when the first has approved, and to nobody who has nothing to do with it [CO-4]', async () => {
  const [ada] = [
    await invited(fairlead, address('ada'), { teams: ['ops'] }),
    await invited(fairlead, address('ben'), { teams: ['ops'] }),
  ];
  const { approvalId: id, link } = await ask('typed', { text: 'by two' });
  expect((await mail.got(address('ben'), /asks to call ledger\.typed/)).to).toEqual([address('ada'), address('ben')]);
  await ada.browser.open(link);
  await ada.browser.submit({ decision: 'approve' });
  const second = await mail.got(address('ben'), /^ada has approved, and it takes somebody else, too/);
  expect(second.to).toEqual([address('ben')]);
  expect(second.text).toContain(link);
  expect(second.text).toContain('by two');
  expect(mailsOf(id).flatMap(({ to }) => to)).not.toContain(address('kim'));
}, 120_000);

it('tell that nobody decided in time, and name no secret of where they go to [CO-4]', async () => {
  const { approvalId: id } = await ask('pay', { text: 'too late' });
  await mail.got(address('kim'), /asks to call ledger\.pay/);
  const { pool } = fairlead.running.house.database;
  await pool.query('update approvals set expires_at = $1 where id = $2', [Date.now() - 1, id]);
  const late = await mail.got(address('kim'), /^Not decided in time: ledger\.pay/);
  expect(late.to).toEqual([address('dora'), address('kim')]);
  const shown = await (await fairlead.request('/api/v1/events/destinations')).text();
  expect(shown).toContain('"slack"');
  expect(shown).not.toMatch(/secret-part|a password for mail/);
}, 120_000);
