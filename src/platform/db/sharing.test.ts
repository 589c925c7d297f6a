import { Kysely, PostgresDialect, sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { seedTar, silentLog } from '../../../test/database.ts';
import { databaseOver } from './database.ts';
import { poolOver } from './embedded.ts';
import { prepared } from './prepared.ts';
import { sharing } from './sharing.ts';
import { openThread } from './thread.ts';

async function open(waitMs = 30_000) {
  const thread = await openThread({ dataDir: 'memory://', seed: await seedTar() }, silentLog);
  const pool = poolOver(thread, silentLog);
  onTestFinished(() => pool.end().finally(thread.stop));
  const shared = sharing(pool, waitMs);
  // biome-ignore lint/complexity/noBannedTypes: no tables are known
  const db = new Kysely<{}>({ dialect: new PostgresDialect({ pool: shared }) });
  return { thread, pool, db, shared };
}

it('answers each of many statements that are sent at once, and lets the fault of one be its own [SP-19]', {
  timeout: 60_000,
}, async () => {
  const { db, pool } = await open();
  const asked = Array.from({ length: 100 }, async (_, n) => {
    const divisor = n % 10 === 3 ? 0 : 1;
    const { rows } = await sql<{ n: number }>`${prepared}select ${n}::int / ${divisor}::int as n`.execute(db);
    return rows[0]?.n;
  });
  const told = await Promise.allSettled(asked);
  for (const [n, one] of told.entries())
    expect([n, one.status, one.status === 'fulfilled' ? one.value : one.reason.code]).toEqual(
      n % 10 === 3 ? [n, 'rejected', '22012'] : [n, 'fulfilled', n],
    );
  expect(pool.idleCount).toBe(1);
});

it('lets nobody into a transaction, and keeps the order in which they came [SP-19]', { timeout: 60_000 }, async () => {
  const { db, pool } = await open();
  await sql`create table step (n int generated always as identity, name text)`.execute(db);
  const say = (on: typeof db, name: string) => sql`insert into step (name) values (${name})`.execute(on);
  const transaction = (name: string, end: 'commit' | 'rollback') =>
    db
      .transaction()
      .execute(async (trx) => {
        await say(trx, `${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        await say(trx, `${name} ends`);
        if (end === 'rollback') throw new Error('taken back');
      })
      .catch(() => undefined);
  await Promise.all([
    say(db, 'one'),
    say(db, 'two'),
    transaction('three', 'commit'),
    say(db, 'four'),
    transaction('five', 'rollback'),
    pool.query("insert into step (name) values ('six, at the pool itself')"),
    say(db, 'seven'),
  ]);
  const { rows } = await sql<{ name: string }>`select name from step order by n`.execute(db);
  const names = rows.map(({ name }) => name);
  expect(names.filter((name) => !name.startsWith('six'))).toEqual([
    ...['one', 'two', 'three begins', 'three ends', 'four', 'seven'],
  ]);
  expect(names).toHaveLength(7);
});

it('tells whoever waits for itself, and goes on with the others [SP-19]', { timeout: 60_000 }, async () => {
  const { db, shared } = await open(100);
  await sql`select 1`.execute(db);
  const beside = db.transaction().execute(async () => await sql`select 1`.execute(db));
  await expect(beside).rejects.toThrow('waited for in vain');
  expect(shared.waiting()).toBe(0);
  expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
});

it('takes a new connection when the one that it shares breaks [SP-19]', { timeout: 60_000 }, async () => {
  const { db, thread } = await open();
  await sql`${prepared}select 1`.execute(db);
  const slow = Array.from({ length: 3 }, () => sql`select pg_sleep(0.2)`.execute(db).then(() => 'answered'));
  const taken = await thread.connect(); // one backend: the newer connection ends the older
  const told = await Promise.allSettled(slow);
  expect(told.some(({ status }) => status === 'rejected')).toBe(true);
  taken.close();
  expect((await sql`${prepared}select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
});

it('says how many wait for it [SP-19]', { timeout: 60_000 }, async () => {
  const { pool } = await open();
  const database = databaseOver('embedded', pool, async () => undefined);
  const { promise: isBegun, resolve: begun } = Promise.withResolvers<void>();
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  const transaction = database.db.transaction().execute(async () => {
    begun();
    await mayEnd;
  });
  await isBegun;
  const waiting = [1, 2, 3].map(() => sql`select 1`.execute(database.db));
  await expect.poll(() => database.usage().waiting).toBe(3);
  end();
  await Promise.all([transaction, ...waiting]);
  expect(database.usage().waiting).toBe(0);
});
