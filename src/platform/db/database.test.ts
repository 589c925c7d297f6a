import { expect, it } from 'vitest';
import { openTestDatabase } from '../../../test/database.ts';

const shelf = { name: 'shelf/0001_books', sql: 'create table book (id int primary key, title text not null)' };

it('opens a migrated database and answers queries [SP-19]', async () => {
  const { database, stop } = await openTestDatabase([shelf]);
  await database.pool.query('insert into book values ($1, $2)', [1, 'Bowditch']);
  const { rows } = await database.pool.query('select title from book where id = $1', [1]);
  expect(rows).toEqual([{ title: 'Bowditch' }]);
  await stop();
});
