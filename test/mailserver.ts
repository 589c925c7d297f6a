import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { expect } from 'vitest';

/** A message as a mail server got it. */
export interface Mail {
  from: string;
  /** Everybody to whom it goes. */
  to: string[];
  /** Names in lower case. */
  headers: Record<string, string>;
  /** The whole of its head, as it came. */
  head: string;
  text: string;
  html: string;
  isEncrypted: boolean;
  user: string | undefined;
}

export interface MailServer {
  port: number;
  /** PEM of its certificate, which is its own authority. */
  ca: string;
  mails: Mail[];
  /** What somebody is answered by, instead of 250, the next time only or always. */
  refuse(address: string, status: number, times?: number): void;
  /** Resolves when somebody got a mail with such a subject; with the newest one. */
  got(address: string, subject: RegExp): Promise<Mail>;
  stop(): Promise<void>;
}

export const mailUser = { username: 'fairlead', password: 'a password for mail' };

/** A mail server on loopback that keeps what it is sent, with sign-in and, unless told otherwise, STARTTLS. */
export async function startMailServer({ starttls = true } = {}): Promise<MailServer> {
  const { key, cert } = certificate();
  const mails: Mail[] = [];
  const refused = new Map<string, { status: number; times: number }>();
  const server = new SMTPServer({
    key,
    cert,
    logger: false,
    authOptional: true,
    allowInsecureAuth: !starttls,
    hideSTARTTLS: !starttls,
    onAuth({ username, password }, _session, done) {
      const isRight = username === mailUser.username && password === mailUser.password;
      if (isRight) done(null, { user: username });
      else done(Object.assign(new Error('no'), { responseCode: 535 }));
    },
    onRcptTo({ address }, _session, done) {
      const refusal = refused.get(address);
      if (!refusal || refusal.times-- <= 0) return done();
      done(Object.assign(new Error('not now'), { responseCode: refusal.status }));
    },
    onData(stream, { envelope, secure, user }, done) {
      text(stream).then((raw) => {
        const { mailFrom, rcptTo } = envelope;
        mails.push({
          ...parsed(raw),
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address).toSorted(),
          isEncrypted: secure,
          user: user === undefined ? undefined : String(user),
        });
        done();
      }, done);
    },
  });
  server.on('error', () => undefined); // clients that break off, on purpose
  const { promise, resolve } = Promise.withResolvers<void>();
  const listening = server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = listening.address();
  const found = (whom: string, subject: RegExp) =>
    mails.findLast(({ to, headers }) => to.includes(whom) && subject.test(headers.subject ?? ''));
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    ca: cert,
    mails,
    refuse: (whom, status, times = Number.POSITIVE_INFINITY) => void refused.set(whom, { status, times }),
    async got(whom, subject) {
      await expect.poll(() => found(whom, subject), { timeout: 60_000, interval: 50 }).toBeDefined();
      return found(whom, subject) as Mail;
    },
    stop: () => new Promise((done) => server.close(() => done())),
  };
}

/** A port of loopback on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address ? address.port : 1;
}

function certificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-mail-'));
  const how = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=mail'];
  const name = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...how, ...name, '-keyout', 'key', '-out', 'cert'], {
    cwd: folder,
    stdio: 'pipe',
  });
  const [key, cert] = ['key', 'cert'].map((file) => readFileSync(join(folder, file), 'utf8'));
  rmSync(folder, { recursive: true });
  return { key: key ?? '', cert: cert ?? '' };
}

function parsed(raw: string): Pick<Mail, 'head' | 'headers' | 'text' | 'html'> {
  const { head, headers, body } = partOf(raw);
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(headers['content-type'] ?? '') ?? [];
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => partOf(part.replace(/^\r\n/, '')));
  const [plain = '', html = ''] = ['text/plain', 'text/html'].map((type) => {
    const part = parts.find((one) => one.headers['content-type']?.startsWith(type));
    return part && decoded(part.body, part.headers['content-transfer-encoding']);
  });
  return { head, headers, text: plain.replaceAll('\r\n', '\n'), html };
}

function partOf(raw: string) {
  const end = raw.indexOf('\r\n\r\n');
  const head = raw.slice(0, end);
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { head, headers, body: raw.slice(end + 4) };
}

function decoded(body: string, encoding = '7bit'): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
