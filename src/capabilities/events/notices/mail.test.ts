import { afterAll, beforeAll, expect, it } from 'vitest';
import { closedPort, type MailServer, mailUser, startMailServer } from '../../../../test/mailserver.ts';
import type { EmailSettings } from '../../../config/schema.ts';
import type { Told } from '../../../kernel/events.ts';
import { createLog } from '../../../platform/telemetry/index.ts';
import { createMail } from './mail.ts';

let server: MailServer;
let plain: MailServer;
beforeAll(async () => {
  [server, plain] = [await startMailServer(), await startMailServer({ starttls: false })];
});
afterAll(async () => {
  await server?.stop();
  await plain?.stop();
});

const log = createLog({ level: 'silent', service: 'test' });
const event = (id: string, more: Partial<Told> = {}): Told => ({
  id,
  org: 'default',
  type: 'budget.warning',
  subject: 'tools',
  data: { spent: 80 },
  at: Date.UTC(2026, 10, 30),
  ...more,
});

function mail(more: Partial<EmailSettings> = {}, stands = true) {
  const transport = createMail({
    log,
    addressesOf: async (_, to) => to.map((whom) => `${whom.split(':')[1]}@example.com`),
    stillStands: async () => stands,
  });
  const settings: EmailSettings = {
    type: 'email',
    host: '127.0.0.1',
    port: server.port,
    security: 'starttls',
    ca: server.ca,
    ...mailUser,
    from: 'fairlead@example.com',
    fromName: 'Fairlead',
    to: [],
    events: ['*'],
    timeoutSeconds: 10,
    attempts: 3,
    firstRetrySeconds: 5,
    ...more,
  };
  const destination = { org: 'default', name: 'mail', isFromFile: true, settings };
  return (told: Told, signal = new AbortController().signal) => transport.deliver(destination, told, signal);
}
const countTo = (address: string) => server.mails.filter(({ to }) => to.includes(address)).length;

it('goes over TLS, signed in, to each whom the event concerns and who always gets it, once [CO-4]', async () => {
  await mail({ to: ['always@example.com', 'kim@example.com'] })(event('evt_1', { to: ['user:kim', 'user:ada'] }));
  const [one] = server.mails;
  expect(one).toMatchObject({
    from: 'fairlead@example.com',
    to: ['ada@example.com', 'always@example.com', 'kim@example.com'],
    isEncrypted: true,
    user: mailUser.username,
    headers: {
      subject: 'budget.warning: tools',
      from: 'Fairlead <fairlead@example.com>',
      'message-id': '<evt_1.mail@example.com>',
      'auto-submitted': 'auto-generated',
    },
  });
  expect(one?.head).not.toContain('kim@'); // none of them sees the others
  expect(one?.text).toContain('"spent": 80');
  await mail()(event('evt_nobody'));
  expect(server.mails).toHaveLength(1);
});

it('that some do not get now is tried again for these alone, and given up for those who never will [CO-4]', async () => {
  server.refuse('later@example.com', 450, 1);
  server.refuse('never@example.com', 550);
  const send = mail();
  const told = event('evt_2', { to: ['user:soon', 'user:later', 'user:never'] });
  await expect(send(told)).rejects.toMatchObject({ message: 'it answers 450', retryable: true, status: 450 });
  await send(told);
  expect(['soon', 'later', 'never'].map((who) => countTo(`${who}@example.com`))).toEqual([1, 1, 0]);
  await expect(send(event('evt_3', { to: ['user:never'] }))).rejects.toMatchObject({ retryable: false, status: 550 });
});

it('is not sent where TLS, sign-in or the server are not as they should be, and says which it is [CO-4]', async () => {
  const told = event('evt_4', { to: ['user:nobody-gets-this'] });
  const before = server.mails.length;
  const faults: [Partial<EmailSettings>, RegExp][] = [
    [{ port: plain.port }, /ETLS/],
    [{ ca: plain.ca }, /ETLS|ESOCKET|SELF_SIGNED/],
    [{ password: 'another one' }, /username and password/],
    [{ port: await closedPort() }, /cannot be reached/],
  ];
  for (const [more, message] of faults)
    await expect(mail(more)(told), String(message)).rejects.toMatchObject({ message, retryable: true });
  await expect(mail()(told, AbortSignal.abort())).rejects.toMatchObject({ message: /in time/ });
  expect([server.mails.length, plain.mails.length]).toEqual([before, 0]);
});

it('is not sent when what it asks for is over, and goes without TLS only where the file says so [CO-4]', async () => {
  await mail({}, false)(event('evt_5', { to: ['user:late'] }));
  expect(countTo('late@example.com')).toBe(0);
  await mail({ port: plain.port, security: 'none' })(event('evt_6', { to: ['user:open'] }));
  expect(plain.mails).toMatchObject([{ isEncrypted: false, to: ['open@example.com'] }]);
});
