import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createEgress, type Egress, EgressBlocked, EgressUnresolved, ResponseTooLarge, readBounded } from './index.ts';

const log = pino({ level: 'silent' });
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A real server on 127.0.0.1; returns its URL under a name of choice. */
async function serve(listener: RequestListener): Promise<{ url: string; port: number; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, requests };
}

const loopback = [{ address: '127.0.0.1', family: 4 }];

function egress(allow: string[] = [], resolve = async (_: string) => loopback): Egress {
  const made = createEgress({ allow, log, resolve });
  closers.push(() => made.stop());
  return made;
}

const hello: RequestListener = (_, response) => void response.end('hello');

describe('a guarded request', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[0:0:0:0:0:ffff:127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://169.254.169.254/latest/meta-data/',
    'http://127.0.0.1。/',
    'http://①②⑦.0.0.1/',
    'http://10.0.0.1:8080/',
    'http://192.168.0.1/',
    'http://100.64.0.1/',
    'http://user:pass@example.com/',
    'http://user@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'data:text/plain,hello',
    'javascript:alert(1)',
    'gopher://127.0.0.1/',
    'no url at all',
    '',
  ])('to %s is blocked, whether asked or tried [SP-9]', async (url) => {
    const out = egress([], async () => [{ address: '93.184.216.34', family: 4 }]);
    await expect(out.assertAllowed(url)).rejects.toSatisfy(EgressBlocked.is);
    await expect(out.fetch(url)).rejects.toSatisfy(EgressBlocked.is);
  });

  it('is the default [SP-9]', async () => {
    const server = await serve(hello);
    await expect(egress().fetch(server.url)).rejects.toSatisfy(EgressBlocked.is);
    expect(server.requests).toHaveLength(0);
  });

  it('to a name that leads inside is blocked before a connection is made [SP-9]', async () => {
    const server = await serve(hello);
    const url = `http://innocent.example:${server.port}/`;
    await expect(egress().fetch(url)).rejects.toSatisfy(EgressBlocked.is);
    await expect(egress().assertAllowed(url)).rejects.toSatisfy(EgressBlocked.is);
    expect(server.requests).toHaveLength(0);
  });

  it('is judged by the address that is connected to, not by an earlier answer of the name [SP-9]', async () => {
    const server = await serve(hello);
    const answers = [[{ address: '93.184.216.34', family: 4 }], loopback];
    const out = egress([], async () => answers.shift() ?? loopback);
    const url = `http://rebinding.example:${server.port}/`;
    await out.assertAllowed(url);
    await expect(out.fetch(url)).rejects.toSatisfy(EgressBlocked.is);
    expect(server.requests).toHaveLength(0);
  });

  it('connects to the permitted addresses only when a name has others too, and tells them [SP-9]', async () => {
    const server = await serve(hello);
    const out = egress(['127.0.0.1'], async () => [{ address: '127.0.0.2', family: 4 }, ...loopback]);
    expect(await out.reachable('http://mixed.example/')).toEqual(['127.0.0.1']);
    expect(await out.reachable('http://127.0.0.1/')).toEqual(['127.0.0.1']);
    await expect(out.reachable('http://127.0.0.2/')).rejects.toSatisfy(EgressBlocked.is);
    expect(await (await out.fetch(`http://mixed.example:${server.port}/`)).text()).toBe('hello');
    expect(server.requests).toHaveLength(1);
  });

  it('passes where the host, its pattern, its address or its network is allowed [SP-9]', async () => {
    const server = await serve(hello);
    const url = `http://Wiki.corp:${server.port}/`;
    for (const allow of ['wiki.corp', '*.corp', '127.0.0.1', '127.0.0.0/8']) {
      const response = await egress([allow]).fetch(url);
      expect(response).toBeInstanceOf(Response);
      expect(await response.text()).toBe('hello');
    }
    for (const allow of ['corp', '*.wiki.corp', 'other.corp', '10.0.0.0/8']) {
      await expect(egress([allow]).fetch(url)).rejects.toSatisfy(EgressBlocked.is);
    }
  });

  it('to a metadata service is blocked even under an allowed name, and passes by its address only [SP-9]', async () => {
    const metadata = async () => [{ address: '169.254.169.254', family: 4 }];
    await expect(egress(['meta.corp'], metadata).assertAllowed('http://meta.corp/')).rejects.toSatisfy(
      EgressBlocked.is,
    );
    await egress(['169.254.169.254'], metadata).assertAllowed('http://meta.corp/');
  });

  it('uses no kept-alive connection that a former allow-list permitted [SP-9]', async () => {
    const server = await serve(hello);
    const out = egress(['wiki.corp']);
    const url = `http://wiki.corp:${server.port}/`;
    await (await out.fetch(url)).text();
    out.setAllow([]);
    await expect(out.fetch(url)).rejects.toSatisfy(EgressBlocked.is);
  });

  it('tells a name without an address from a blocked one', async () => {
    const out = egress([], async () => []);
    await expect(out.assertAllowed('http://none.example/')).rejects.toSatisfy(EgressUnresolved.is);
    await expect(out.fetch('http://none.example/')).rejects.toSatisfy(EgressUnresolved.is);
    const real = createEgress({ allow: [], log });
    await expect(real.assertAllowed('http://does-not-exist.invalid/')).rejects.toSatisfy(EgressUnresolved.is);
    await expect(real.assertAllowed('http://localhost/')).rejects.toSatisfy(EgressBlocked.is);
    await real.stop();
  });
});

describe('an unguarded request', () => {
  it('reaches loopback, and reuses its connection', async () => {
    const server = await serve(hello);
    const out = egress();
    for (let i = 0; i < 20; i++) await (await out.fetch(server.url, { guarded: false })).text();
    expect(new Set(server.requests.map((request) => request.socket)).size).toBeLessThanOrEqual(3);
  });

  it('still speaks only http and https without credentials', async () => {
    await expect(egress().fetch('file:///etc/passwd', { guarded: false })).rejects.toSatisfy(EgressBlocked.is);
    await expect(egress().fetch('http://a:b@127.0.0.1/', { guarded: false })).rejects.toSatisfy(EgressBlocked.is);
  });
});

describe('a redirect', () => {
  const redirect = (status: number, to: string): RequestListener => {
    return (request, response) => {
      if (request.url === '/end') response.end(`${request.method} ${request.headers['content-type'] ?? 'none'}`);
      else response.writeHead(status, { location: to }).end('moved');
    };
  };

  it('into the inside is blocked on the hop, also for a name [SP-9]', async () => {
    const inner = await serve(hello);
    for (const target of [inner.url, `http://inner.example:${inner.port}/`]) {
      const outer = await serve(redirect(302, target));
      // Only the first host is allowed; both lead to the same machine.
      await expect(egress(['outer.example']).fetch(`http://outer.example:${outer.port}/`)).rejects.toSatisfy(
        EgressBlocked.is,
      );
      expect(outer.requests).toHaveLength(1);
    }
    expect(inner.requests).toHaveLength(0);
  });

  it('to a file or with credentials is blocked [SP-9]', async () => {
    for (const target of ['file:///etc/passwd', 'http://a:b@outer.example/', 'http://[::1']) {
      const outer = await serve(redirect(302, target));
      await expect(egress(['outer.example']).fetch(`http://outer.example:${outer.port}/`)).rejects.toSatisfy(
        EgressBlocked.is,
      );
    }
  });

  it('is followed within an origin with all headers, and tells where it ended', async () => {
    const server = await serve(redirect(307, '/end'));
    const response = await egress(['a.example']).fetch(`http://a.example:${server.port}/start`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', authorization: 'Bearer x' },
    });
    expect(await response.text()).toBe('POST application/json');
    expect(response.url).toBe(`http://a.example:${server.port}/end`);
    expect(response.redirected).toBe(true);
    expect(server.requests[1]?.headers.authorization).toBe('Bearer x');
  });

  it.each([
    [301, 'POST', 'GET none'],
    [302, 'POST', 'GET none'],
    [303, 'PUT', 'GET none'],
    [308, 'POST', 'POST text/plain'],
  ])('with status %i turns %s into %s', async (status, method, seen) => {
    const server = await serve(redirect(status, '/end'));
    const init = { method, body: 'x', headers: { 'content-type': 'text/plain' }, guarded: false };
    expect(await (await egress().fetch(server.url, init)).text()).toBe(seen);
  });

  it('to another origin takes no header along that may hold a secret [SP-9]', async () => {
    const other = await serve(hello);
    const server = await serve(redirect(307, `http://b.example:${other.port}/`));
    const secrets = {
      authorization: 'Bearer s',
      cookie: 'c=s',
      'x-api-key': 's',
      'proxy-authorization': 's',
      'mcp-session-id': 's',
    };
    const headers = { ...secrets, accept: 'text/plain' };
    await egress(['*.example']).fetch(`http://a.example:${server.port}/`, { headers });
    for (const name of Object.keys(secrets)) {
      expect(server.requests[0]?.headers, name).toHaveProperty(name);
      expect(other.requests[0]?.headers, name).not.toHaveProperty(name);
    }
    expect(other.requests[0]?.headers.accept).toBe('text/plain');
  });

  it('is followed five times and no more', async () => {
    const server = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('there');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    const out = egress();
    expect(await (await out.fetch(`${server.url}/5`, { guarded: false })).text()).toBe('there');
    await expect(out.fetch(`${server.url}/6`, { guarded: false })).rejects.toThrow('more than 5 redirects');
  });

  it('is handed back or refused where the caller asks for that', async () => {
    const server = await serve(redirect(302, '/end'));
    const out = egress();
    expect((await out.fetch(server.url, { guarded: false, redirect: 'manual' })).status).toBe(302);
    await expect(out.fetch(server.url, { guarded: false, redirect: 'error' })).rejects.toThrow('fetch failed');
  });
});

describe('an answer', () => {
  it('without a body keeps its status', async () => {
    const server = await serve((_, response) => void response.writeHead(204, { 'x-kept': 'yes' }).end());
    const response = await egress().fetch(server.url, { guarded: false });
    expect([response.status, response.headers.get('x-kept'), await response.text()]).toEqual([204, 'yes', '']);
  });

  it('streams as it comes, and ends with its signal', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    const stop = new AbortController();
    const response = await egress().fetch(server.url, { guarded: false, signal: stop.signal });
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n');
    stop.abort();
    await expect(reader?.read()).rejects.toThrow('abort');
  });

  it('is read up to a bound, announced or not', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/announced') response.writeHead(200, { 'content-length': 100_000 });
      for (let i = 0; i < 10; i++) response.write('x'.repeat(10_000));
      response.end();
    });
    const out = egress();
    for (const path of ['announced', 'chunked']) {
      const get = () => out.fetch(`${server.url}/${path}`, { guarded: false });
      expect(await readBounded(await get(), 100_000)).toHaveLength(100_000);
      await expect(readBounded(await get(), 99_999)).rejects.toSatisfy(ResponseTooLarge.is);
    }
  });
});

it('refuses an allow-list with an entry that is neither host nor network, and names it', () => {
  expect(() => egress(['ok.example', 'http://no.example', '*', '10.0.0.0/99'])).toThrow(
    'egress.allow: "http://no.example" is no host name, address or CIDR; egress.allow: "*"',
  );
});
