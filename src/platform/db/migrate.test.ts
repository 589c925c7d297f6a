import { describe, expect, it, onTestFinished } from 'vitest';
import { databaseKinds, openTestDatabase } from '../../../test/database.ts';
import { DatabaseTooNew, MigrationChanged, MigrationFailed } from './errors.ts';
import { migrate } from './index.ts';

const books = { name: 'shelf/0001_books', sql: 'create table book (id int primary key)' };
const titles = { name: 'shelf/0002_titles', sql: 'alter table book add title text; insert into book values (1, null)' };
const crew = { name: 'crew/0001_people', sql: 'create table person (book int references book)' };

describe.each(databaseKinds)('migrations (%s)', (kind) => {
  async function open() {
    const opened = await openTestDatabase([], { kind });
    onTestFinished(() => opened.stop());
    return opened.database;
  }

  it('are applied once, in the order of the list [SP-19]', async () => {
    const database = await open();
    const told: string[] = [];
    expect(await migrate(database, [books, titles], (name) => told.push(name))).toEqual([books.name, titles.name]);
    expect(told).toEqual([books.name, titles.name]);
    expect(await migrate(database, [books, titles])).toEqual([]);
    expect(await migrate(database, [books, crew, titles])).toEqual([crew.name]);
  });

  it('are applied once when two start together [SP-19]', async () => {
    const database = await open();
    const applied = await Promise.all([migrate(database, [books, titles]), migrate(database, [books, titles])]);
    expect(applied.flat().sort()).toEqual([books.name, titles.name]);
  });

  it('leave nothing behind when they fail, and keep those before [SP-19]', async () => {
    const database = await open();
    const faulty = { name: 'shelf/0003_faulty', sql: 'create table half (id int); select * from nowhere' };
    const error = await migrate(database, [books, faulty]).catch((thrown: unknown) => thrown);
    expect(MigrationFailed.is(error) && error.message).toContain('shelf/0003_faulty');
    const { rows } = await database.pool.query("select to_regclass('book') as book, to_regclass('half') as half");
    expect(rows).toEqual([{ book: 'book', half: null }]);
    expect(await migrate(database, [books, titles])).toEqual([titles.name]);
  });

  it('refuse a database where an applied one was changed, and name it [SP-19]', async () => {
    const database = await open();
    await migrate(database, [books]);
    const error = await migrate(database, [{ ...books, sql: `${books.sql};` }, titles]).catch((thrown) => thrown);
    expect(MigrationChanged.is(error) && error.message).toContain(books.name);
    const { rows } = await database.pool.query('select name from fairlead_migrations');
    expect(rows).toEqual([{ name: books.name }]);
  });

  it('refuse a database that a newer version has migrated, and say what to do [SP-19]', async () => {
    const database = await open();
    await migrate(database, [books, titles]);
    const error = await migrate(database, [books]).catch((thrown: unknown) => thrown);
    expect(DatabaseTooNew.is(error) && error.message).toContain(titles.name);
    expect(DatabaseTooNew.is(error) && error.action).toContain('newer version');
  });
});
