import { createServer as createSite } from 'node:http';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { Writable } from 'node:stream';
import { type Fairlead, type FairleadRequest, startFairlead } from '../harness.ts';
import { openTestIssuer, type TestIssuer } from '../issuer.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { listedUpstream } from '../listed.ts';
import { type Browser, invited, tokensFor } from '../signin.ts';
import { hostileTools } from './hostile.ts';
import { type Kept, keptOf } from './kept.ts';

/** One server with two organisations, and who attacks it: a developer of the one, and an administrator of the other. */
export interface World {
  fairlead: Fairlead;
  /** Counts what ran of the tools behind the server. */
  ledger: Ledger;
  /** Issuers that the server trusts: the first for the organisation `default`, the second for `acme`. */
  ours: TestIssuer;
  theirs: TestIssuer;
  /** Listens where no request of the server may ever come. */
  trap: { port: number; visits(): number };
  keys: { viewer: string; developer: string; operator: string; acmeAdmin: string };
  /** The person attacked, an operator of `default`; whoever attacks has a browser and tokens of their own. */
  victim: { id: string; browser: Browser; tokens: Awaited<ReturnType<typeof tokensFor>> };
  attacker: { id: string; browser: Browser; tokens: Awaited<ReturnType<typeof tokensFor>> };
  /** Things of `default` by kind, with their real ids. */
  things: Record<string, string>;
  /** An address that the server may ask, by name, and which leads on to this one. */
  redirects(to: string): string;
  /** How often such an address was asked. */
  redirected(): number;
  /** A request, counted. */
  send(path: string, init?: FairleadRequest): Promise<Answer>;
  /** Bytes on a connection of their own, counted; resolves to all that came back until it ended or fell silent. */
  raw(bytes: string | Buffer): Promise<string>;
  sent(): number;
  log(): string;
  /** Everything that an attack must leave as it was. */
  kept(): Promise<Kept>;
  stop(): Promise<void>;
}

export interface Answer {
  status: number;
  text: string;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects to find
  json(): any;
}

export const hookSecret = `whsec_${Buffer.alloc(32, 'hook').toString('base64')}`;
export const sharedHookSecret = 'a secret that both sides of a hook have';

export async function openWorld(): Promise<World> {
  const ledger = openLedger();
  const trap = await openTrap();
  const site = await openSite();
  const lines: string[] = [];
  const log = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  let sent = 0;
  const ours = await openTestIssuer({ audience: 'fairlead' });
  const theirs = await openTestIssuer({ audience: 'fairlead' });
  const fairlead = await startFairlead({
    log: log as never,
    config: {
      ...ledger.config,
      server: { maxBodyBytes: 1_000_000, trustedProxies: ['127.0.0.1'] },
      egress: { allow: ['localhost'] },
      events: {
        sources: {
          billing: { format: 'standard', secrets: hookSecret },
          forge: { format: 'github', org: 'acme', secrets: sharedHookSecret },
          dated: { format: 'generic', secrets: sharedHookSecret, timestampHeader: 'x-time' },
        },
      },
      upstreams: { ...(ledger.config.upstreams as object), hostile: listedUpstream(hostileTools) },
      auth: {
        builtIn: true,
        issuers: [
          { issuer: ours.url, audience: ['fairlead'] },
          { issuer: theirs.url, audience: ['fairlead'], org: 'acme' },
        ],
      },
      caching: { results: [{ tools: ['hostile.plain'], ttlSeconds: 600 }] },
    },
  });
  await fairlead.request('/api/v1/orgs', { json: { id: 'acme' } });
  const send: World['send'] = async (path, init) => {
    sent++;
    const response = await fairlead.request(path, { redirect: 'manual', ...init });
    const text = await response.text();
    return { status: response.status, text, headers: response.headers, json: () => JSON.parse(text) };
  };
  const person = async (email: string, role: string) => {
    const { id, browser } = await invited(fairlead, email, { role });
    return { id, browser, tokens: await tokensFor(fairlead, browser) };
  };
  const world: World = {
    fairlead,
    ledger,
    ours,
    theirs,
    trap,
    keys: {
      viewer: await fairlead.makeKey(['viewer']),
      developer: await fairlead.makeKey(['developer']),
      operator: await fairlead.makeKey(['operator']),
      acmeAdmin: await fairlead.makeKey(['admin'], { org: 'acme' }),
    },
    victim: await person('ada@example.com', 'operator'),
    attacker: await person('eve@example.com', 'developer'),
    things: {},
    redirects: site.redirects,
    redirected: site.redirected,
    send,
    raw(bytes) {
      sent++;
      return exchange(Number(new URL(fairlead.url).port), bytes);
    },
    sent: () => sent,
    log: () => lines.join(''),
    kept: () => keptOf(fairlead.running.house.database.pool, { ran: ledger.lines().length, visits: trap.visits() }),
    async stop() {
      await fairlead.stop();
      await Promise.all([ours.stop(), theirs.stop()]);
      trap.stop();
      site.stop();
      ledger.remove();
    },
  };
  world.things = await makeThings(world);
  return world;
}

/** One of everything that has an id, in the organisation that is attacked. */
async function makeThings({ send, victim }: World): Promise<Record<string, string>> {
  const made = async (path: string, json: unknown, method = 'POST') => {
    const answer = await send(`/api/v1${path}`, { method, json });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.text === '' ? undefined : answer.json();
  };
  const key = (await made('/keys', { name: 'theirs', roles: ['viewer'] })).key.id;
  const service = (await made('/services', { name: 'nightly', roles: ['viewer'] })).service.id;
  const invitation = await made('/users/invitations', { email: 'waiting@example.com', role: 'viewer' });
  const call = await made('/tools/ledger.free/call', { arguments: { text: 'the first' } });
  const parked = await send('/api/v1/tools/ledger.pay/call', { json: { arguments: { text: 'parked' } } });
  await made('/knowledge/collections/handbook', { settings: { description: 'Ours' } }, 'PUT');
  await made('/policies/words', { text: 'forbid (principal, action, resource == Tool::"ledger.none");' }, 'PUT');
  await made('/limits/many', { settings: { of: { tools: ['ledger.none'] }, concurrency: 100 } }, 'PUT');
  await made('/endpoints/team', { settings: { include: [{ toolsets: ['ledger'] }] } }, 'PUT');
  const webhook = { type: 'webhook', url: 'http://localhost:1/hook', events: ['none.*'] };
  await made('/events/destinations/pager', { settings: webhook }, 'PUT');
  const { sessions } = (await send('/api/v1/sessions')).json();
  return {
    key,
    service,
    invitation: (invitation.invitation ?? invitation).id ?? '',
    user: victim.id,
    call: call.callId,
    approval: parked.json().result?.structuredContent?.approvalId ?? '',
    collection: 'handbook',
    policy: 'words',
    limit: 'many',
    destination: 'pager',
    endpoint: 'team',
    session: sessions.find(({ userId }: { userId: string }) => userId === victim.id)?.id ?? '',
    upstream: 'ledger',
    tool: 'ledger.free',
    org: 'default',
  };
}

async function openTrap(): Promise<World['trap'] & { stop(): void }> {
  let visits = 0;
  const server: Server = createServer((socket) => {
    visits++;
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, visits: () => visits, stop: () => void server.close() };
}

/** A site that is allowed by its name and sends everybody on: `/?to=<address>`. */
async function openSite(): Promise<Pick<World, 'redirects' | 'redirected'> & { stop(): void }> {
  let asked = 0;
  const site = createSite((request, response) => {
    asked++;
    const to = new URL(request.url ?? '/', 'http://here').searchParams.get('to') ?? '';
    // As it stands, where a header takes it.
    response.writeHead(307, { location: /^[\x21-\x7e]*$/.test(to) ? to : encodeURI(to) }).end();
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const { port } = site.address() as AddressInfo;
  return {
    redirects: (to) => `http://localhost:${port}/?${new URLSearchParams({ to })}`,
    redirected: () => asked,
    stop: () => void site.close(),
  };
}

const silenceMs = 200;

function exchange(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = new Socket();
    let text = '';
    let quiet: NodeJS.Timeout | undefined;
    const end = () => {
      clearTimeout(quiet);
      socket.destroy();
      resolve(text);
    };
    // Once something has come and then nothing more; the server closes by itself after most of what is sent here.
    const again = () => {
      clearTimeout(quiet);
      quiet = setTimeout(end, text === '' ? 20_000 : silenceMs);
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
      again();
    });
    socket.on('close', end);
    socket.on('error', end);
    socket.connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      again();
    });
  });
}
