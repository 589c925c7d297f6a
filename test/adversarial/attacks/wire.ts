import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { type Attack, statusesOf } from '../attack.ts';
import type { World } from '../world.ts';

// What is smuggled is the worst case: a request that would be let in, with a key that counts, and leave a line.

const body = '{"arguments":{"text":"smuggled"}}';
const inner = ({ fairlead }: World) =>
  `POST /api/v1/tools/ledger.free/call HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${fairlead.adminKey}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const head = (more: string, { method = 'POST', target = '/api/v1/orgs', host = 'Host: 127.0.0.1\r\n' } = {}) =>
  `${method} ${target} HTTP/1.1\r\n${host}${more}`;
const json = 'Content-Type: application/json\r\n';

type Bytes = (world: World) => string | Buffer;

/** Heads that two programs could understand in two ways: the connection ends with the refusal, what follows is not read. */
const ambiguous: Record<string, Bytes> = {
  'with Content-Length and chunks (CL.TE)': (world) =>
    `${head(`${json}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`)}0\r\n\r\n${inner(world)}`,
  'with chunks and Content-Length (TE.CL)': (world) =>
    `${head(`${json}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n`)}5c\r\n${inner(world)}\r\n0\r\n\r\n`,
  'with two transfer encodings, one of them nobody’s (TE.TE)': (world) =>
    `${head(`${json}Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n`)}0\r\n\r\n${inner(world)}`,
  'with a transfer encoding that begins alike': (world) =>
    `${head(`${json}Transfer-Encoding: xchunked\r\n\r\n`)}0\r\n\r\n${inner(world)}`,
  'with chunked before identity': (world) =>
    `${head(`${json}Transfer-Encoding: chunked, identity\r\n\r\n`)}0\r\n\r\n${inner(world)}`,
  'with a blank before the colon of Transfer-Encoding': (world) =>
    `${head(`${json}Transfer-Encoding : chunked\r\n\r\n`)}0\r\n\r\n${inner(world)}`,
  'with a vertical tab in Transfer-Encoding': (world) =>
    `${head(`${json}Transfer-Encoding:\x0bchunked\r\n\r\n`)}0\r\n\r\n${inner(world)}`,
  'with two lengths': (world) =>
    `${head(`${json}Content-Length: 0\r\nContent-Length: ${inner(world).length}\r\n\r\n`)}${inner(world)}`,
  'with one length twice in a line': (world) => `${head(`${json}Content-Length: 0, 0\r\n\r\n`)}${inner(world)}`,
  'with a length with a sign': (world) => `${head(`${json}Content-Length: +0\r\n\r\n`)}${inner(world)}`,
  'with a negative length': (world) => `${head(`${json}Content-Length: -1\r\n\r\n`)}${inner(world)}`,
  'with a hexadecimal length': (world) => `${head(`${json}Content-Length: 0x0\r\n\r\n`)}${inner(world)}`,
  'with two numbers as a length': (world) => `${head(`${json}Content-Length: 0 0\r\n\r\n`)}${inner(world)}`,
  'with a length beyond all numbers': (world) =>
    `${head(`${json}Content-Length: 18446744073709551616\r\n\r\n`)}${inner(world)}`,
  'with a folded header': (world) =>
    `${head(`${json}X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`)}${inner(world)}`,
  'with lines that end in LF': (world) =>
    `POST /api/v1/orgs HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 0\n\n${inner(world)}`,
  'with a lone CR in a header': (world) => `${head(`${json}X: a\rContent-Length: 0\r\n\r\n`)}${inner(world)}`,
  'with a NUL in a header': (world) => `${head(`${json}X: a\0b\r\n\r\n`)}${inner(world)}`,
  'with a blank at the start of its first header': (world) =>
    `POST /api/v1/orgs HTTP/1.1\r\n Host: 127.0.0.1\r\n\r\n${inner(world)}`,
  'with a header without a colon': (world) => `${head(`${json}Content-Length 0\r\n\r\n`)}${inner(world)}`,
  'with a chunk of an impossible size': (world) =>
    `${head(`${json}Transfer-Encoding: chunked\r\n\r\n`)}FFFFFFFFFFFFFFFFF\r\n${inner(world)}`,
  'with a chunk of negative size': (world) =>
    `${head(`${json}Transfer-Encoding: chunked\r\n\r\n`)}-1\r\n${inner(world)}`,
  'with a chunk size that ends in LF': (world) =>
    `${head(`${json}Transfer-Encoding: chunked\r\n\r\n`)}0\n\n${inner(world)}`,
  'with a chunk that is longer than it says': (world) =>
    `${head(`${json}Transfer-Encoding: chunked\r\n\r\n`)}1\r\nab\r\n0\r\n\r\n${inner(world)}`,
  'with an endless chunk extension': (world) =>
    `${head(`${json}Transfer-Encoding: chunked\r\n\r\n`)}1;${'a'.repeat(40_000)}\r\n${inner(world)}`,
  'with two hosts': () => head('Host: evil.example\r\nContent-Length: 0\r\n\r\n'),
  'with two hosts, the wrong one first': () =>
    head('Host: 127.0.0.1\r\nContent-Length: 0\r\n\r\n', { host: 'Host: evil.example\r\n' }),
  'with a version that is none': (world) => `GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n${inner(world)}`,
  'of HTTP/0.9': (world) => `GET /\r\n${inner(world)}`,
  'with the preface of HTTP/2': (world) => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${inner(world)}`,
  'that begins as TLS': () => Buffer.from('160301020001000001fc0303', 'hex'),
  'with a method of its own': (world) => `HACK / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${inner(world)}`,
  'with a tab between method and target': (world) => `GET\t/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${inner(world)}`,
  'with a blank in the target': (world) => `GET / x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${inner(world)}`,
  'with too long a head': (world) => `${head(`X: ${'a'.repeat(20_000)}\r\n\r\n`)}${inner(world)}`,
  'with too many headers': (world) =>
    `${head(`${Array.from({ length: 3_000 }, (_, n) => `h${n}: ${n}\r\n`).join('')}\r\n`)}${inner(world)}`,
  'with too long a target': (world) =>
    `${head('\r\n', { method: 'GET', target: `/${'a'.repeat(20_000)}` })}${inner(world)}`,
};

/** Targets that lead elsewhere for who follows them: nothing is fetched, nothing of another host is served. */
const elsewhere: Record<string, Bytes> = {
  'whole, of another host': () => head('\r\n', { method: 'GET', target: 'http://evil.example/healthz' }),
  'whole, of the trap': ({ trap }) =>
    head('\r\n', { method: 'GET', target: `http://127.0.0.1:${trap.port}/jwks`, host: `Host: 127.0.0.1\r\n` }),
  'for a tunnel': ({ trap }) =>
    head('\r\n', { method: 'CONNECT', target: `127.0.0.1:${trap.port}`, host: `Host: 127.0.0.1\r\n` }),
  'with two slashes': () => head('\r\n', { method: 'GET', target: '//evil.example/auth/account' }),
  'with an @': () => head('\r\n', { method: 'GET', target: '@evil.example/' }),
  'with backslashes': () => head('\r\n', { method: 'GET', target: '/\\evil.example/' }),
  'that climbs': () => head('\r\n', { method: 'GET', target: '/docs/../../../../etc/passwd' }),
  'that climbs in codes': () => head('\r\n', { method: 'GET', target: '/docs/%2e%2e/%2e%2e/etc/passwd' }),
  'with a NUL': () => head('\r\n', { method: 'GET', target: '/docs%00.js' }),
  'as TRACE': () => head('X-Secret: mirrored\r\n\r\n', { method: 'TRACE', target: '/' }),
  'as a star': () => head('\r\n', { method: 'OPTIONS', target: '*' }),
  'with another Host': () => head('\r\n', { method: 'GET', target: '/healthz', host: 'Host: evil.example\r\n' }),
  'with a Host that begins alike': () =>
    head('\r\n', { method: 'GET', target: '/healthz', host: 'Host: 127.0.0.1.evil.example\r\n' }),
  'with a Host behind an @': () =>
    head('\r\n', { method: 'GET', target: '/healthz', host: 'Host: 127.0.0.1@evil.example\r\n' }),
  'with a metadata address as Host': () =>
    head('\r\n', { method: 'GET', target: '/healthz', host: 'Host: 169.254.169.254\r\n' }),
  'without a Host': () => head('\r\n', { method: 'GET', target: '/healthz', host: '' }),
};

export const wireAttacks: Attack[] = [
  ...Object.entries(ambiguous).map(([name, bytes]) => ({
    name: `a request ${name}`,
    async run(world: World) {
      const text = await world.raw(bytes(world));
      // A refusal and the end, or silence and the end: what came behind was not taken for a request. Where the head was
      // good, it is answered before the fault in the body shows.
      const statuses = statusesOf(text);
      expect(statuses.length, text).toBeLessThanOrEqual(name.includes('chunk') ? 2 : 1);
      for (const status of statuses) expect([400, 401, 403, 405, 408, 413, 414, 417, 431, 505], text).toContain(status);
    },
  })),
  ...Object.entries(elsewhere).map(([name, bytes]) => ({
    name: `a target ${name}`,
    async run(world: World) {
      const text = await world.raw(bytes(world));
      for (const status of statusesOf(text)) expect([400, 403, 404, 405], text).toContain(status);
      expect(text).not.toMatch(/root:|secret|mirrored|^location:/im);
    },
  })),
  {
    name: 'a request behind another one on the same connection, without a key of its own',
    async run(world) {
      const { adminKey } = world.fairlead;
      const me = (key: string) => head(key, { method: 'GET', target: '/api/v1/me' });
      const text = await world.raw(`${me(`Authorization: Bearer ${adminKey}\r\n\r\n`)}${me('\r\n')}`);
      expect(statusesOf(text)).toEqual([200, 401]);
    },
  },
  {
    name: 'a key in a trailer',
    async run(world) {
      const chunk = '{"id":"smuggled"}';
      const text = await world.raw(
        `${head(`${json}Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n`)}${chunk.length.toString(16)}\r\n${chunk}\r\n` +
          `0\r\nAuthorization: Bearer ${world.fairlead.adminKey}\r\n\r\n`,
      );
      expect(statusesOf(text)).toEqual([401]);
    },
  },
  {
    name: 'an upgrade to WebSocket and to h2c',
    async run(world) {
      for (const protocol of ['websocket', 'h2c']) {
        const text = await world.raw(
          head(`Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`, {
            method: 'GET',
            target: '/api/v1/me',
          }),
        );
        expect(statusesOf(text)).toEqual([401]);
      }
    },
  },
  {
    name: 'a header of the answer split by what the request says',
    async run({ send, raw }) {
      const split = '%0d%0aSet-Cookie:%20split=1%0d%0a';
      for (const path of [
        `/mcp/${split}`,
        `/${split}`,
        `/.well-known/oauth-protected-resource/mcp/${split}`,
        `/auth/sso/${split}`,
        `/auth/oauth2/authorize?client_id=${split}&redirect_uri=${split}`,
        `/auth/error?error=${split}`,
        `/auth/connections/start?id=${split}&ticket=${split}`,
        `/auth/approvals/${split}`,
        `/auth/sign-in?to=/auth/approvals/${split}`,
        `/api/v1/keys/${split}`,
      ]) {
        const { headers, status } = await send(path, { key: null, headers: { accept: 'text/html' } });
        expect(headers.getSetCookie().join(), path).not.toContain('split');
        expect(status, path).toBeLessThan(500);
      }
      expect(
        await raw(head('Origin: a\r\nX-Request-Id: b\r\n\r\n', { method: 'GET', target: '/healthz' })),
      ).not.toMatch(/^x-request-id: b/im);
    },
  },
  {
    name: 'bodies that are compressed, a bomb among them',
    async run({ send }) {
      const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
      for (const encoding of ['gzip', 'deflate', 'br', 'gzip, gzip'])
        for (const path of ['/api/v1/orgs', '/mcp']) {
          const headers = {
            'content-type': 'application/json',
            'content-encoding': encoding,
            accept: 'application/json, text/event-stream',
          };
          const { status } = await send(path, { method: 'POST', body: new Uint8Array(bomb), headers });
          expect([400, 413, 415], `${path} ${encoding}`).toContain(status);
        }
    },
  },
  {
    name: 'hundreds of connections that say little, slowly, or never read',
    async run({ fairlead, send }) {
      const { port } = new URL(fairlead.url);
      const open = (first: string): Promise<Socket> =>
        new Promise((resolve, reject) => {
          const socket = connect(Number(port), '127.0.0.1', () => {
            socket.write(first);
            socket.pause();
            resolve(socket);
          });
          socket.on('error', reject);
        });
      const key = `Authorization: Bearer ${fairlead.adminKey}\r\n`;
      const sockets = await Promise.all([
        ...Array.from({ length: 150 }, () => open('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow')),
        ...Array.from({ length: 150 }, () => open(head(`${key}${json}Content-Length: 100000\r\n\r\n{"id":`))),
        ...Array.from({ length: 50 }, () => open(head('\r\n', { method: 'GET', target: '/docs/viewer.js' }))),
      ]);
      try {
        for (let n = 0; n < 5; n++) expect((await send('/api/v1/me')).status).toBe(200);
        const { status, text } = await send('/api/v1/tools/hostile.plain/call', { json: { arguments: {} } });
        expect([status, text]).toEqual([200, expect.stringContaining('"ok"')]);
      } finally {
        for (const socket of sockets) socket.destroy();
      }
    },
  },
];
