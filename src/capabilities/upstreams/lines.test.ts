import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { readLines } from './lines.ts';

async function read(chunks: readonly string[], maxBytes: number, withHandler = true) {
  const stream = new PassThrough();
  const lines: string[] = [];
  const oversized: { head: string; tail: string }[] = [];
  readLines(stream, maxBytes, {
    line: (text) => lines.push(text),
    ...(withHandler ? { oversized: (head: string, tail: string) => oversized.push({ head, tail }) } : {}),
  });
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await finished(stream);
  return { lines, oversized };
}

it('puts lines together that come in pieces, and takes pieces apart that hold several', async () => {
  const { lines } = await read(['on', 'e\ntwo\nth', 'ree\r\n', '\nlast'], 100);
  expect(lines).toEqual(['one', 'two', 'three', 'last']);
});

it('keeps characters whole that are cut between two pieces', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, 100, { line: (text) => lines.push(text) });
  const bytes = Buffer.from('größe\n');
  stream.write(bytes.subarray(0, 3));
  stream.end(bytes.subarray(3));
  await finished(stream);
  expect(lines).toEqual(['größe']);
});

it('throws away a line that is too long and goes on with the next [SP-10]', async () => {
  const long = `start${'x'.repeat(2_000)}end`;
  const { lines, oversized } = await read(['before\n', long.slice(0, 900), long.slice(900), '\nafter\n'], 1_000);
  expect(lines).toEqual(['before', 'after']);
  expect(oversized).toHaveLength(1);
  expect(oversized[0]?.head.startsWith('start')).toBe(true);
  expect(oversized[0]?.tail.endsWith('end')).toBe(true);
});

it('cuts a line that is too long where nobody wants to know of it', async () => {
  const { lines } = await read([`${'x'.repeat(50)}\nnext\n`], 10, false);
  expect(lines).toEqual(['x'.repeat(10), 'next']);
});
