import { sql } from 'kysely';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { killWriters } from '../../../test/chaos/writeload.ts';
import { databaseKinds, openTestDatabase, silentLog } from '../../../test/database.ts';
import { openProxy } from '../../../test/proxy.ts';
import { DatabaseUnavailable } from './errors.ts';
import { openDatabase } from './index.ts';

const shelf = { name: 'shelf/0001_books', sql: 'create table book (id int primary key, title text not null)' };

describe.each(databaseKinds)('the database (%s)', (kind) => {
  async function open() {
    const opened = await openTestDatabase([shelf], { kind });
    onTestFinished(() => opened.stop());
    return opened.database;
  }

  it('answers through the pool and through Kysely alike [SP-19]', async () => {
    const { pool, db } = await open();
    await pool.query('insert into book values ($1, $2)', [1, 'Bowditch']);
    const { rows } = await sql<{ title: string }>`select title from book where id = ${1}`.execute(db);
    expect(rows).toEqual([{ title: 'Bowditch' }]);
  });

  it('reports an SQL fault with its code and goes on [SP-19]', async () => {
    const { pool } = await open();
    await pool.query("insert into book values (1, 'Bowditch')");
    await expect(pool.query("insert into book values (1, 'again')")).rejects.toMatchObject({ code: '23505' });
    await expect(pool.query('select 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' });
    await expect(pool.query('select count(*)::int as n from book')).resolves.toMatchObject({ rows: [{ n: 1 }] });
  });

  it('returns results of many megabytes whole [SP-19]', async () => {
    const { pool } = await open();
    const { rows } = await pool.query(
      'select g as id, repeat(chr(65 + g % 26), 1000) as text from generate_series(1, 5000) g',
    );
    expect(rows).toHaveLength(5000);
    expect(rows.at(-1)).toEqual({ id: 5000, text: String.fromCharCode(65 + (5000 % 26)).repeat(1000) });
  });

  it('takes large parameters [SP-19]', async () => {
    const { pool } = await open();
    const text = 'ä'.repeat(3_000_000);
    await pool.query('insert into book values (1, $1)', [text]);
    const { rows } = await pool.query<{ title: string }>('select title from book');
    expect(rows[0]?.title === text).toBe(true);
  });

  it('rolls back what an abandoned connection left open [SP-19]', async () => {
    const { pool } = await open();
    const client = await pool.connect();
    await client.query('begin');
    await client.query("insert into book values (1, 'half done')");
    await client.query("set application_name = 'left behind'");
    client.release(true);
    const { rows } = await pool.query(
      "select (select count(*)::int from book) as books, current_setting('application_name') as name",
    );
    expect(rows).toEqual([{ books: 0, name: expect.not.stringContaining('left behind') }]);
  });

  it('lets many callers wait for a connection [SP-19]', async () => {
    const { pool, db } = await open();
    await Promise.all(
      Array.from({ length: 100 }, (_, id) =>
        db.transaction().execute((tx) => sql`insert into book values (${id}, ${`no. ${id}`})`.execute(tx)),
      ),
    );
    await expect(pool.query('select count(*)::int as n from book')).resolves.toMatchObject({ rows: [{ n: 100 }] });
  });

  it('answers a ping and says how its connections are used [SP-19]', async () => {
    const database = await open();
    await database.ping();
    expect(database.usage()).toEqual({ total: expect.any(Number), idle: expect.any(Number), waiting: 0 });
    expect(database.usage().total).toBeGreaterThan(0);
  });

  it('stops once however often it is told, and refuses queries after that [SP-19]', async () => {
    const { database } = await openTestDatabase([shelf], { kind });
    await Promise.all([database.stop(), database.stop()]);
    await expect(database.ping()).rejects.toThrow();
  });
});

describe.runIf(databaseKinds.includes('postgres'))('a Postgres that goes away', () => {
  it('fails the queries of that time and answers again when it is back [SP-19]', async () => {
    const { database, stop } = await openTestDatabase([shelf], { kind: 'postgres' });
    onTestFinished(stop);
    const url = new URL(database.pool.options.connectionString ?? '');
    const proxy = await openProxy({ host: url.hostname, port: Number(url.port || 5432) });
    onTestFinished(proxy.stop);
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port());
    const through = await openDatabase({ databaseUrl: url.href, dataDir: '/nowhere', log: silentLog });
    onTestFinished(through.stop);
    const busy = through.pool.query('select pg_sleep(20)').catch((error: Error) => error);
    await vi.waitFor(() => expect(through.usage().idle).toBe(0), 20_000);
    await proxy.lose();
    expect(await busy).toBeInstanceOf(Error);
    await expect(through.ping()).rejects.toThrow();
    await proxy.bringBack();
    await through.ping();
  });
});

describe.runIf(databaseKinds.includes('postgres'))('a process that writes to Postgres', () => {
  it('loses no acknowledged row in 3 rounds of kill -9 [SP-19]', { timeout: 120_000 }, async () => {
    const { database, stop } = await openTestDatabase([], { kind: 'postgres' });
    onTestFinished(stop);
    const { connectionString: databaseUrl = '' } = database.pool.options;
    const report = await killWriters({ databaseUrl, dataDir: '/nowhere' }, 3);
    expect(report).toEqual({ acknowledged: expect.any(Number), lost: [], torn: [] });
    expect(report.acknowledged).toBeGreaterThan(3);
  });
});

describe('a Postgres that cannot be used', () => {
  it('is reported without its address or password [SP-19]', async () => {
    const databaseUrl = 'postgres://captain:hunter2secret@127.0.0.1:1/none?connect_timeout=1';
    const settings = { databaseUrl, dataDir: '/nowhere', log: silentLog, waitMs: 300 };
    const error = await openDatabase(settings).catch((thrown: unknown) => thrown);
    expect(DatabaseUnavailable.is(error)).toBe(true);
    expect(JSON.stringify(DatabaseUnavailable.is(error) && error.toBody())).not.toMatch(/hunter2|captain|127\.0/);
  });
});
