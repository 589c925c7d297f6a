import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { type Attack, refused } from '../attack.ts';
import type { World } from '../world.ts';

/** Ways to say an address of the inside, the trap's wherever it has a port. */
const inside: Record<string, (port: number) => string> = {
  loopback: (port) => `http://127.0.0.1:${port}/`,
  'loopback as one number': (port) => `http://2130706433:${port}/`,
  'loopback in hexadecimal': (port) => `http://0x7f000001:${port}/`,
  'loopback in octal': (port) => `http://0177.0.0.1:${port}/`,
  'loopback in mixed bases': (port) => `http://0x7f.0.0.01:${port}/`,
  'loopback in two parts': (port) => `http://127.1:${port}/`,
  'another loopback': (port) => `http://127.127.127.127:${port}/`,
  'loopback of IPv6': (port) => `http://[::1]:${port}/`,
  'loopback mapped into IPv6': (port) => `http://[::ffff:127.0.0.1]:${port}/`,
  'loopback mapped, in hexadecimal': (port) => `http://[::ffff:7f00:1]:${port}/`,
  'loopback by the old mapping': (port) => `http://[::127.0.0.1]:${port}/`,
  'loopback by NAT64': (port) => `http://[64:ff9b::7f00:1]:${port}/`,
  'loopback by 6to4': (port) => `http://[2002:7f00:1::]:${port}/`,
  'the address of all interfaces': (port) => `http://0.0.0.0:${port}/`,
  zero: (port) => `http://0:${port}/`,
  'all interfaces of IPv6': (port) => `http://[::]:${port}/`,
  'loopback in wide digits': (port) => `http://１２７.０.０.１:${port}/`,
  'loopback in circled digits': (port) => `http://①②⑦.⓪.⓪.①:${port}/`,
  'loopback with ideographic stops': (port) => `http://127。0。0。1:${port}/`,
  'loopback in codes': (port) => `http://%31%32%37.0.0.1:${port}/`,
  'loopback with a dot at its end': (port) => `http://127.0.0.1.:${port}/`,
  'loopback behind a backslash': (port) => `http:\\\\127.0.0.1:${port}/`,
  'loopback behind credentials': (port) => `http://example.com@127.0.0.1:${port}/`,
  'loopback before a fragment': (port) => `http://127.0.0.1:${port}#@example.com/`,
  'loopback with blanks': (port) => ` http://127.0.0.1:${port}/ `,
  'loopback with a tab inside': (port) => `ht\ttp://127.0.0.1:${port}/`,
  'a private network': () => 'http://10.0.0.1/',
  'another private network': () => 'http://192.168.0.1/',
  'a third private network': () => 'http://172.16.0.1/',
  'carrier-grade NAT': () => 'http://100.64.0.1/',
  'the metadata service': () => 'http://169.254.169.254/latest/meta-data/',
  'the metadata service as one number': () => 'http://2852039166/latest/meta-data/',
  'the metadata service, mapped': () => 'http://[::ffff:a9fe:a9fe]/latest/meta-data/',
  'the metadata service of IPv6': () => 'http://[fd00:ec2::254]/latest/',
  'the metadata service of Azure': () => 'http://168.63.129.16/',
  'the metadata service of Alibaba': () => 'http://100.100.100.200/',
  'a link-local address': () => 'http://[fe80::1]/',
  multicast: () => 'http://224.0.0.1/',
  broadcast: () => 'http://255.255.255.255/',
  'a file': () => 'file:///etc/passwd',
  gopher: (port) => `gopher://127.0.0.1:${port}/_GET%20/`,
  FTP: (port) => `ftp://127.0.0.1:${port}/`,
  data: () => 'data:application/json,{}',
  'a script': () => 'javascript:alert(1)',
};

const settled = [200, 201, 202, 400, 403, 404, 409, 415, 422, 502];

/** Every place in which somebody can say an address, by REST, by tools and without a key at all. */
const places: Record<string, (world: World, url: string) => Promise<void>> = {
  async 'the test of an upstream'({ send }, url) {
    const answer = await send('/api/v1/upstreams/test', { json: { settings: { url, startTimeoutMs: 5_000 } } });
    expect(settled).toContain(answer.status);
    if (answer.status === 200) expect(answer.json()).toMatchObject({ ok: false });
    expect(answer.text).not.toContain('secret');
  },
  async 'the test of an OpenAPI document'({ send }, url) {
    const answer = await send('/api/v1/upstreams/test', { json: { settings: { openapi: url } } });
    expect(settled).toContain(answer.status);
    if (answer.status === 200) expect(answer.json()).toMatchObject({ ok: false });
    expect(answer.text).not.toMatch(/secret|root:/);
  },
  async 'the issuer of an upstream’s tokens'({ send }, url) {
    const auth = { grant: 'client_credentials', clientId: 'x', clientSecret: 'y', issuer: url };
    const settings = { url: 'http://localhost:1/mcp', auth, startTimeoutMs: 1_000 };
    const answer = await send('/api/v1/upstreams/test', { json: { settings } });
    expect(settled).toContain(answer.status);
  },
  async 'a destination of events'({ send }, url) {
    const name = `inside-${createHash('sha256').update(url).digest('hex').slice(0, 10)}`;
    const path = `/api/v1/events/destinations/${name}`;
    const put = await send(path, { method: 'PUT', json: { settings: { type: 'webhook', url, events: ['none.*'] } } });
    expect([200, 201, 400, 403]).toContain(put.status);
    if (put.status >= 300) return;
    const tested = await send(`${path}/test`, { method: 'POST' });
    if (tested.status === 200) expect(tested.json()).toMatchObject({ delivered: false });
    expect(tested.text).not.toContain('secret');
    await send(path, { method: 'DELETE' });
  },
  async 'a page for the documents'({ send }, url) {
    const json = { arguments: { collection: 'handbook', url } };
    const answer = await send('/api/v1/tools/knowledge.ingest/call', { json });
    expect(answer.text).not.toMatch(/"outcome":"ok"/);
  },
  async 'the id of a program'({ send }, url) {
    const query = new URLSearchParams({ client_id: url.replace(/^http:/, 'https:'), response_type: 'code' });
    const address = `203.0.113.${Math.floor(Math.random() * 250)}`; // of whom one may ask so often
    refused(
      await send(`/auth/oauth2/authorize?${query}`, { key: null, headers: { 'x-forwarded-for': address } }),
      [400, 403, 404, 422, 429, 502],
    );
  },
};

/** Of an address that leads on: a program’s has to be https, and nothing here is. */
const followed = Object.entries(places).filter(([place]) => place !== 'the id of a program');

export const addressAttacks: Attack[] = [
  ...Object.entries(places).map(([place, ask]) => ({
    name: `${place}, at an address of the inside in ${Object.keys(inside).length} spellings`,
    async run(world: World) {
      const before = world.trap.visits();
      await Promise.all(
        Object.entries(inside).map(async ([spelling, urlOf]) => {
          await ask(world, urlOf(world.trap.port));
          expect(world.trap.visits(), spelling).toBe(before);
        }),
      );
    },
  })),
  ...followed.map(([place, ask]) => ({
    name: `${place}, by a redirect to the inside in ${Object.keys(inside).length} spellings`,
    async run(world: World) {
      const before = world.trap.visits();
      const asked = world.redirected();
      await Promise.all(
        Object.entries(inside).map(async ([spelling, urlOf]) => {
          await ask(world, world.redirects(urlOf(world.trap.port)));
          expect(world.trap.visits(), spelling).toBe(before);
        }),
      );
      expect(world.redirected() - asked, 'the site that leads on was asked').toBeGreaterThan(10);
    },
  })),
  {
    name: 'the base address of an API that was added, and what it redirects to',
    async run(world) {
      const { send, trap } = world;
      const openapi = {
        openapi: '3.0.3',
        info: { title: 'Inside', version: '1' },
        paths: { '/latest': { get: { operationId: 'get', responses: { 200: { description: 'x' } } } } },
      };
      const bases = [inside.loopback, inside['loopback mapped into IPv6'], inside['loopback in octal']].map((urlOf) =>
        urlOf?.(trap.port),
      );
      const targets = [...bases, world.redirects(`http://127.0.0.1:${trap.port}/`)];
      for (const [n, baseUrl] of targets.entries()) {
        const name = `inside${n}`;
        const added = await send('/api/v1/upstreams', { json: { name, settings: { openapi, baseUrl } } });
        if (added.status === 201) {
          const call = () => send(`/api/v1/tools/${name}.get/call`, { json: {} });
          await expect.poll(async () => (await call()).json().error?.code).not.toBe('UNKNOWN_TOOL');
          expect((await call()).text).not.toMatch(/"outcome":"ok"|secret/);
        }
        await send(`/api/v1/upstreams/${name}`, { method: 'DELETE' });
        expect(trap.visits(), baseUrl).toBe(0);
      }
    },
    // Upstreams are added and removed here.
    mayChange: ['upstreams_runtime', 'catalog_items', 'catalog_toolsets', 'catalog_revisions', 'upstreams_seen'],
  },
];
