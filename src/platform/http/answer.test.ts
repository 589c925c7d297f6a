import { describe, expect, it } from 'vitest';
import { createAnswerReader } from './answer.ts';

/** What a reader makes of bytes that come in such pieces: all at once, one by one, and cut in two at each place. */
function read(text: string) {
  const bytes = Buffer.from(text, 'latin1');
  const cuts = [[bytes], [...bytes].map((byte) => Buffer.from([byte]))];
  for (let at = 1; at < bytes.length; at++) cuts.push([bytes.subarray(0, at), bytes.subarray(at)]);
  const [first, ...others] = cuts.map(readPieces);
  for (const other of others) expect(other).toEqual(first);
  return first;
}

function readPieces(pieces: readonly Buffer[]) {
  const reader = createAnswerReader();
  let head: unknown;
  let body = '';
  reader.begin({
    head: (status, headers) => {
      head = { status, ...headers };
    },
    data: (chunk) => {
      body += chunk.toString('latin1');
    },
  });
  let isOver = false;
  try {
    // Bytes that follow the end come with it, or find nobody who waits for them.
    for (const piece of pieces) if (!isOver) isOver = reader.take(piece);
  } catch (error) {
    return { fault: (error as Error).message };
  }
  if (!isOver) return { head, body, endsHere: reader.endsHere() };
  return { head, body, isOver, reusable: reader.isReusable(), kept: reader.keptSeconds() };
}

const ok = 'HTTP/1.1 200 OK\r\n';

describe('an answer of an upstream', () => {
  it('is counted, in chunks, or as long as the connection, however its bytes come [CA-10]', () => {
    expect(read(`${ok}Content-Length: 5\r\nKeep-Alive: timeout=5, max=9\r\nX-A: 1\r\nx-a:  2 \r\n\r\nhello`)).toEqual({
      head: { status: 200, 'content-length': '5', 'keep-alive': 'timeout=5, max=9', 'x-a': ['1', '2'] },
      ...{ body: 'hello', isOver: true, reusable: true, kept: 5 },
    });
    const chunks = '3\r\nhel\r\n2;name="x"\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n';
    expect(read(`${ok}Transfer-Encoding: Chunked\r\n\r\n${chunks}`)).toMatchObject({
      ...{ body: 'hello', isOver: true, reusable: true },
    });
    expect(read(`${ok}\r\nhello`)).toEqual({ head: { status: 200 }, body: 'hello', endsHere: true });
    expect(read(`${ok}content-length: 5\r\n\r\nhell`)).toMatchObject({ body: 'hell', endsHere: false });
    for (const bare of [`${ok}content-length: 0\r\n\r\n`, 'HTTP/1.1 204 \r\n\r\n', 'HTTP/1.1 304 Same\r\n\r\n'])
      expect(read(bare)).toMatchObject({ body: '', isOver: true, reusable: true });
  });

  it('may have others before it that are none [CA-10]', () => {
    const early = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: </a>\r\n\r\n';
    expect(read(`${early}${ok}content-length: 1\r\n\r\na`)).toMatchObject({ head: { status: 200 }, body: 'a' });
  });

  it('leaves a connection to others only where that is sure [CA-10]', () => {
    const over = { body: 'a', isOver: true, reusable: false };
    expect(read(`${ok}connection: x, Close\r\ncontent-length: 1\r\n\r\na`)).toMatchObject(over);
    expect(read('HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na')).toMatchObject(over);
    expect(readPieces([Buffer.from(`${ok}content-length: 1\r\n\r\naHTTP/1.1 200 OK`)])).toMatchObject(over);
  });

  it.each([
    ['two lengths', `${ok}content-length: 1\r\ncontent-length: 1\r\n\r\na`],
    ['a length of two numbers', `${ok}content-length: 1, 1\r\n\r\na`],
    ['a length that is none', `${ok}content-length: +1\r\n\r\na`],
    ['a length beside chunks', `${ok}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a coding that is not known', `${ok}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['a chunk without a length', `${ok}transfer-encoding: chunked\r\n\r\nx\r\n`],
    ['a chunk of a negative length', `${ok}transfer-encoding: chunked\r\n\r\n-1\r\n`],
    ['a chunk longer than it says', `${ok}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`],
    ['a folded line', `${ok}x: 1\r\n folded\r\n\r\n`],
    ['a space before the colon', `${ok}content-length : 1\r\n\r\na`],
    ['a header without a name', `${ok}: 1\r\n\r\n`],
    ['a bare line feed', `${ok}x: 1\ncontent-length: 1\r\n\r\na`],
    ['a bare carriage return', `${ok}x: 1\rcontent-length: 1\r\n\r\na`],
    ['a zero byte', `${ok}x: \0\r\n\r\n`],
    ['another protocol', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n'],
    ['another version', 'HTTP/2 200 OK\r\n\r\n'],
    ['no status', 'hello\r\n\r\n'],
  ])('with %s is refused [CA-10]', (_, text) => {
    expect(read(text)?.fault).toMatch(/^the answer is no HTTP\/1\.1: /);
  });

  it('has no head and no line without end [CA-10]', () => {
    const long = 'x'.repeat(20_000);
    for (const text of [long, `${ok}x: ${long}\r\n\r\n`, `${ok}transfer-encoding: chunked\r\n\r\n1;${long}`])
      expect(readPieces([Buffer.from(text)]).fault).toMatch(/too long/);
  });
});
