import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { openTestDatabase, silentLog, type TestDatabase } from '../../../test/database.ts';
import { readerWith, stopReaders } from '../../../test/documents.ts';
import { createWorld, type World } from '../../../test/sources.ts';
import { audienceOf, putCollection } from './collections/store.ts';
import { latestRuns } from './ingest/store.ts';
import { createLexical } from './lexical/index.ts';
import { knowledgeMigrations } from './migrations.ts';
import { createSchedule, type TimedFeed } from './schedule.ts';
import type { Source, SourceItem } from './sources/index.ts';

const org = 'default';
let database: TestDatabase;
let world: World;
let collection: number;
const { readInput: read, stop: stopReader } = readerWith();
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  database = await openTestDatabase(knowledgeMigrations);
  world = createWorld();
  const { db } = database;
  const audience = await audienceOf(db, org, ['everyone']);
  const row = { name: 'docs', settings: {}, declared: true, audience, changedBy: 'test' };
  collection = await putCollection(db, org, row);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(async () => {
  await world.end();
  await stopReaders();
  await database.stop();
});

const poll = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

const feed = (name: string, open: () => Source, more: Partial<TimedFeed> = {}): TimedFeed => ({
  ...{ org, collection, collectionName: 'docs', name, language: 'english', everyMs: 3_600_000, way: '', open },
  ...more,
});

/** A source that is done when it is told so; or never, whatever it is told. */
function heldSource(): { source: Source; scans: number; release(): void } {
  const gate = Promise.withResolvers<void>();
  const held = {
    scans: 0,
    release: gate.resolve,
    source: {
      kind: 'folder' as const,
      async *scan() {
        held.scans += 1;
        await gate.promise;
        yield* [] as SourceItem[];
        return { whole: false };
      },
    },
  };
  return held;
}

function scheduleOf(feeds: TimedFeed[], { places = 4, stallMs = 60_000, now = () => Date.now(), lookMs = 20 } = {}) {
  const { db } = database;
  const clock = { now };
  const news = { indexed: vi.fn(), removed: vi.fn(), failed: vi.fn() };
  const schedule = createSchedule({
    sync: {
      ...{ db, lexical: createLexical(), reader: { read, stop: stopReader }, clock: { now: () => Date.now() } },
      ...{ log: silentLog, replica: 'test', goneAfterMs: 60_000, stallMs, news },
    },
    ...{ clock, log: silentLog, places: () => places, feeds: async () => feeds, tidy: async () => {}, lookMs },
    lastBegun: async () => undefined,
  });
  stops.push(schedule.stop);
  return schedule;
}

const stateOf = async (name: string) =>
  (await latestRuns(database.db, org, [collection])).find((one) => one.source === name);

it('reads other sources while one is slow, each once at a time, and begins what is asked for at once [KN-3]', async () => {
  const slow = heldSource();
  const quick = heldSource();
  quick.release();
  const asked = feed('quick', () => quick.source);
  const schedule = scheduleOf([feed('slow', () => slow.source), asked], { places: 2 });
  schedule.start();
  await poll(async () => (await stateOf('quick'))?.state).toBe('done');
  expect((await stateOf('slow'))?.state).toBe('running');
  schedule.begin([asked]);
  await poll(() => quick.scans).toBe(2);
  schedule.begin([feed('slow', () => slow.source)], { again: false });
  await pause(100);
  expect(slow.scans).toBe(1);
  // What asks while a pass is under way may mean what that has passed by already.
  schedule.begin([feed('slow', () => slow.source)]);
  slow.release();
  await poll(() => slow.scans).toBe(2);
});

it('ends a source of which nothing comes any more, says so, and lets it wait before the next try [KN-3]', async () => {
  const { url, requests } = await world.serve((request, response) => {
    if (request.url === '/robots.txt') return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'text/html' });
    const drip = setInterval(() => response.write('.'), 100); // as one that sends a byte a minute, in short
    response.on('close', () => clearInterval(drip));
  });
  let now = Date.now();
  const slow = feed('drip', () => world.open({ web: `${url}/`, delayMs: 0 }), { everyMs: 1 });
  const tries = () => requests.filter((request) => request.url === '/').length;
  const schedule = scheduleOf([slow], { stallMs: 500, now: () => now });
  schedule.start();
  await poll(async () => (await stateOf('drip'))?.state).toBe('failed');
  expect((await stateOf('drip'))?.reason).toMatch(/^Nothing came of it for/);
  await pause(200); // ten looks
  expect(tries()).toBe(1);
  for (const [waited, known] of [
    [31_000, 2],
    [31_000, 2],
    [31_000, 3],
  ] as const) {
    now += waited;
    await poll(tries).toBe(known);
    await pause(800);
    expect(tries()).toBe(known);
  }
});

it('stops at once, whatever a source does [KN-3]', async () => {
  const deaf = heldSource(); // it does not heed the signal
  const schedule = scheduleOf([feed('deaf', () => deaf.source)]);
  schedule.start();
  await poll(() => deaf.scans).toBe(1);
  const before = performance.now();
  await schedule.stop();
  expect(performance.now() - before).toBeLessThan(3_000);
  expect((await stateOf('deaf'))?.state).toBe('stopped');
});

it('ends the pass over a source that is taken away or changed, and reads the changed one at once [KN-2]', async () => {
  const [old, changed] = [heldSource(), heldSource()];
  changed.release();
  const feeds = [feed('moved', () => old.source)];
  const schedule = scheduleOf(feeds);
  schedule.start();
  await poll(() => old.scans).toBe(1);
  feeds[0] = feed('moved', () => changed.source, { way: 'other' });
  await poll(() => changed.scans).toBe(1);
  await poll(async () => (await stateOf('moved'))?.state).toBe('done');
});
