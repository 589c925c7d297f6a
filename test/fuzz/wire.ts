import { connect } from 'node:net';
import type { Random } from './random.ts';
import type { Attempt } from './requests.ts';
import type { Answer } from './verdict.ts';

/** A request as bytes; `random` also breaks the framing now and then. */
export function bytesOf({ method, path, headers, body }: Attempt, host: string, random: Random): Buffer {
  const lines = headers.filter(([name]) => name !== 'content-length');
  if (!lines.some(([name]) => name === 'host')) lines.unshift(['host', host]);
  const length = random.once(12)
    ? random.pick(['-1', 'abc', '1e3', '99999999999999999999', ''])
    : `${body?.length ?? 0}`;
  const framing: [string, string][] = random.once(12)
    ? [['transfer-encoding', random.pick(['chunked', 'gzip', 'chunked, chunked', 'x'])]]
    : [['content-length', length]];
  if (random.once(30)) framing.push(['transfer-encoding', 'chunked']);
  const target = path.replace(/[^\x21-\x7e]/g, (char) => (random.once(4) ? char : encodeURIComponent(char)));
  const version = random.once(25) ? random.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/9', 'ICY', '']) : 'HTTP/1.1';
  const head = [
    `${method} ${target} ${version}`,
    ...[...lines, ...framing, ['connection', 'close']].map(([name, value]) => `${name}: ${value}`),
    ...(random.once(30)
      ? [random.pick(['no colon here', ': empty', 'a\u0000b: c', ' folded: x', 'x'.repeat(20_000)])]
      : []),
  ].join(random.once(40) ? '\n' : '\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body ?? Buffer.alloc(0)]);
}

/** Sends bytes and reads what comes back until the connection ends or nothing more comes; undefined for no answer. */
export function exchange(port: number, bytes: Buffer, patienceMs: number): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
    });
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answerIn(Buffer.concat(chunks).toString('latin1')));
    };
    const timer = setTimeout(finish, patienceMs);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', finish);
    socket.on('close', finish);
  });
}

function answerIn(text: string): Answer | undefined {
  const found = /^HTTP\/1\.[01] (\d{3})[^\r]*\r\n([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(text);
  if (!found) return undefined;
  const [, status = '', head = '', rest = ''] = found;
  const chunked = /^transfer-encoding: *chunked/im.test(head);
  const body = chunked ? rest.replace(/^[0-9a-f]+\r\n/i, '').replace(/\r\n[0-9a-f]+\r\n/gi, '') : rest;
  return {
    status: Number(status),
    contentType: /^content-type: *([^\r]*)/im.exec(head)?.[1] ?? '',
    body: Buffer.from(body, 'latin1').toString('utf8').trim(),
  };
}
