import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../kernel/clock.ts';
import { fromLine, type RecordEntry, toLine } from './lines.ts';
import { openWal, type Wal } from './wal.ts';

let folder = '';
let logged: { level: number; msg: string }[] = [];
const open: Wal[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-wal-'));
  logged = [];
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((wal) => wal.close()));
  await rm(folder, { recursive: true, force: true });
});

const entry = (id: string, text = 'ä "quoted" ,"body": \u2028'): RecordEntry => ({
  type: 'record',
  org: 'default',
  id,
  body: JSON.stringify({ id, text }),
});

async function openIt(segmentBytes = 1024 * 1024, segmentMs = 60_000): Promise<Wal> {
  const log = pino({ level: 'trace' }, { write: (line: string) => logged.push(JSON.parse(line)) });
  const wal = await openWal({ folder, segmentBytes, segmentMs, clock: systemClock, log });
  open.push(wal);
  return wal;
}

async function readAll(wal: Wal): Promise<string[]> {
  const ids: string[] = [];
  for (let batch = await wal.next(10, 4_096); batch; batch = await wal.next(10, 4_096)) {
    ids.push(...batch.entries.map(({ id }) => id));
    batch.done();
  }
  return ids;
}

const segments = async () => (await readdir(folder)).filter((name) => name.startsWith('wal-')).sort();

async function lastSegment(): Promise<string> {
  return join(folder, (await segments()).at(-1) ?? '');
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`);

describe('lines', () => {
  it('come back exactly as they were written [SP-16]', () => {
    const written = entry('a');
    expect(fromLine(toLine(written, 5).subarray(0, -1))).toEqual({ entry: written, writtenAt: 5 });
    const intent = { type: 'intent', org: 'o', id: 'i', saidAt: 1, life: 'l', home: 'h', body: '{}' } as const;
    expect(fromLine(toLine(intent, 5).subarray(0, -1))?.entry).toEqual(intent);
  });

  it('are refused when any byte of them was changed [SP-16]', () => {
    const line = toLine(entry('a'), 5).subarray(0, -1);
    for (let index = 0; index < line.length; index++) {
      const changed = Buffer.from(line);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(fromLine(changed)).toBeUndefined();
    }
  });
});

describe('the write-ahead file', () => {
  it('gives back what was appended, in order, to whoever opens it next [SP-16]', async () => {
    const first = await openIt();
    await Promise.all(numbers(50).map((id) => first.append(entry(id))));
    await first.close();
    expect(await readAll(await openIt())).toEqual(numbers(50));
  });

  it('holds an entry on disk when append resolves, without being closed [SP-16]', async () => {
    const wal = await openIt();
    await wal.append(entry('only'));
    expect(await readFile(await lastSegment(), 'utf8')).toContain('"id":"only"');
  });

  it('gives again what nobody said was done with [SP-16]', async () => {
    const wal = await openIt();
    await wal.append(entry('a'));
    expect((await wal.next(10, 1_000))?.entries.map(({ id }) => id)).toEqual(['a']);
    expect(await readAll(wal)).toEqual(['a']);
    expect(await wal.next(10, 1_000)).toBeUndefined();
  });

  it('drops a torn last line of an earlier life and keeps all before it [SP-16]', async () => {
    const first = await openIt();
    for (const id of numbers(5)) await first.append(entry(id));
    await first.close();
    const path = await lastSegment();
    const { length } = await readFile(path);
    await truncate(path, length - 7);
    const second = await openIt();
    expect(await readAll(second)).toEqual(numbers(4));
    expect(second.stats().damagedLines).toBe(0);
    expect(logged.filter(({ level }) => level >= 40)).toEqual([]);
  });

  it('reports a damaged line loudly, keeps the file beside, and goes on after it [SP-16]', async () => {
    const first = await openIt();
    for (const id of numbers(5)) await first.append(entry(id));
    await first.close();
    const path = await lastSegment();
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"id":"r2"', '"id":"rX"'));
    const second = await openIt();
    expect(await readAll(second)).toEqual(['r0', 'r1', 'r3', 'r4']);
    expect(second.stats().damagedLines).toBe(1);
    expect(logged.filter(({ level }) => level === 50)).toHaveLength(1);
    await second.tidy(true);
    expect(await readdir(folder)).toEqual([expect.stringMatching(/\.log\.damaged$/)]);
  });

  it('reads past rubbish without line feeds [SP-16]', async () => {
    const first = await openIt();
    await first.append(entry('a'));
    await first.close();
    await appendFile(await lastSegment(), Buffer.alloc(3_000_000));
    expect(await readAll(await openIt())).toEqual(['a']);
  });

  it('goes on in a new segment when one is full, and removes those that are done with [SP-16]', async () => {
    const wal = await openIt(2_000);
    for (const id of numbers(60)) await wal.append(entry(id));
    expect((await segments()).length).toBeGreaterThan(3);
    expect(await readAll(wal)).toEqual(numbers(60));
    await wal.tidy(true);
    expect(await segments()).toEqual([]);
    await wal.append(entry('after'));
    expect(await readAll(wal)).toEqual(['after']);
  });

  it('removes no segment that was added to while others were removed [SP-16]', async () => {
    const wal = await openIt(1_000);
    for (const id of numbers(300)) await wal.append(entry(id, 'x'.repeat(1_000)));
    await wal.append(entry('last', ''));
    expect(await readAll(wal)).toHaveLength(301);
    const tidying = wal.tidy();
    const late = ['a', 'b', 'c'];
    for (const id of late) await wal.append(entry(id, 'x'.repeat(1_000)));
    await tidying;
    expect(await readAll(wal)).toEqual(late);
  });

  it('replaces the segment in use only when it is old and the database has it [SP-16]', async () => {
    const young = await openIt();
    await young.append(entry('a'));
    await readAll(young);
    await young.tidy();
    expect(await segments()).toHaveLength(1);
    await young.close();
    const old = await openIt(1024 * 1024, 0);
    await old.append(entry('b'));
    await old.tidy();
    expect(await segments()).toHaveLength(2);
    expect(await readAll(old)).toEqual(['a', 'b']);
    await old.tidy();
    expect(await segments()).toEqual([]);
  });

  it('starts a new segment when a write fails, and loses nothing of it [SP-16]', async () => {
    const wal = await openIt();
    await wal.append(entry('a'));
    await rm(folder, { recursive: true });
    await expect(wal.append(entry('b'))).resolves.toBeUndefined(); // the open file is still there for us
    const full = await openIt(1);
    await full.append(entry('c'));
    await rm(folder, { recursive: true });
    await expect(full.append(entry('d'))).rejects.toThrow(/ENOENT/);
  });

  it('says how much the database does not have, and since when [SP-16]', async () => {
    const wal = await openIt();
    expect(wal.stats()).toEqual({ unshippedBytes: 0, damagedLines: 0 });
    const before = Date.now();
    await wal.append(entry('a'));
    const reached = wal.mark();
    expect(reached()).toBe(false);
    expect(wal.stats().unshippedBytes).toBeGreaterThan(50);
    expect(wal.stats().oldestUnshippedAt).toBeGreaterThanOrEqual(before);
    await readAll(wal);
    expect(reached()).toBe(true);
    expect(wal.stats()).toEqual({ unshippedBytes: 0, damagedLines: 0 });
  });
});
