import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { createEgress } from './index.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const answer = (body: string, more = '') => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`;

/** A server of bare sockets: what it is told to say to the request of each number, the text of which it keeps. */
async function peer(say: (request: number, socket: Socket) => void) {
  const sockets: Socket[] = [];
  const heard: { text: string; on: number }[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    const on = sockets.length;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      heard.push({ text: bytes.toString('utf8'), on });
      say(heard.length, socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const egress = createEgress({ allow: [], log: pino({ level: 'silent' }) });
  closers.push(async () => {
    await egress.stop();
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp?x=1`);
  const start = (headers: Record<string, string> = {}, body = 'é', guarded = false) => {
    let got = '';
    const post = egress.post(
      url,
      { headers, body, guarded },
      { head: () => undefined, data: (chunk) => (got += chunk) },
    );
    return { ...post, text: () => post.over.then(() => got) };
  };
  return { start, heard, sockets };
}

it('posts over one connection for as long as it may, and in one piece [CA-10]', async () => {
  const { start, heard } = await peer((request, socket) =>
    socket.write(answer(`${request}`, request === 3 ? 'connection: close\r\n' : '')),
  );
  for (const number of ['1', '2', '3', '4']) expect(await start({ 'x-a': 'b' }).text()).toBe(number);
  expect(heard.map(({ on }) => on)).toEqual([1, 1, 1, 2]);
  expect(heard[0]?.text).toMatch(/^POST \/mcp\?x=1 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/);
  expect(heard[0]?.text).toContain('\r\nx-a: b\r\ncontent-length: 2\r\n\r\né');
});

it('has a connection of its own for each exchange under way [CA-10]', async () => {
  const { start, heard } = await peer((request, socket) => setTimeout(() => socket.write(answer(`${request}`)), 5));
  await Promise.all([start(), start(), start()].map(({ text }) => text()));
  expect(new Set(heard.map(({ on }) => on)).size).toBe(3);
});

it('does not use a connection again on which more was said than was asked for [CA-10]', async () => {
  const { start, heard } = await peer((request, socket) => socket.write(answer('a') + (request === 1 ? 'more' : '')));
  for (let times = 0; times < 3; times++) expect(await start().text()).toBe('a');
  expect(heard.map(({ on }) => on)).toEqual([1, 2, 2]);
});

it('tells a connection that breaks, and an answer that is none, from one that ends with its connection [CA-10]', async () => {
  const { start } = await peer((request, socket) => {
    if (request === 1) socket.destroy();
    else if (request === 2) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel');
    else if (request === 3) socket.write('SSH-2.0-x\r\n\r\n');
    else socket.end('HTTP/1.1 200 OK\r\n\r\nwhole');
  });
  await expect(start().over).rejects.toMatchObject({ code: expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/) });
  await expect(start().over).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
  await expect(start().over).rejects.toThrow('no HTTP/1.1');
  expect(await start().text()).toBe('whole');
});

it('ends when it is told to: before there is a connection, and on one [CA-10]', async () => {
  const { start, sockets } = await peer(() => undefined);
  const early = start();
  early.end(new Error('not needed'));
  await expect(early.over).rejects.toThrow('not needed');
  const late = start();
  while (sockets.every(({ bytesRead }) => bytesRead === 0)) await new Promise((resolve) => setImmediate(resolve));
  late.end(new Error('too late'));
  await expect(late.over).rejects.toThrow('too late');
  await Promise.all(sockets.map((socket) => socket.destroyed || once(socket, 'close')));
});

it('says nothing in headers that would be read as something else, and reaches nobody whom it may not [SP-9]', async () => {
  const { start, heard } = await peer((_, socket) => socket.write(answer('a')));
  const bad: Record<string, string>[] = [
    { 'x-a': 'b\r\nx-evil: 1' },
    { 'x\n': 'b' },
    { 'content-length': '0' },
    { 'transfer-encoding': 'chunked' },
  ];
  for (const headers of bad) expect(() => start(headers)).toThrow('cannot be sent');
  await expect(start({}, 'a', true).over).rejects.toMatchObject({ code: 'EGRESS_BLOCKED' });
  expect(heard).toEqual([]);
  await start({ 'x-name': 'caf\xe9' }).over;
  expect(heard[0]?.text).toContain('\ufffd'); // Latin-1, as HTTP has it
});
