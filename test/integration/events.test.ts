import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';

let fairlead: Fairlead;
beforeAll(async () => {
  fairlead = await startFairlead();
});
afterAll(() => fairlead?.stop());

describe('what happens', () => {
  it('is told when its transaction is committed, and never when that is rolled back [CO-9]', async () => {
    const { events, database } = fairlead.running.house;
    const none = new AbortController();
    const first = events.when('default', 'test.*', none.signal);
    const rolledBack = database.db.transaction().execute(async (trx) => {
      await events.publish(trx, { type: 'test.undone', org: 'default', data: {} });
      throw new Error('not this time');
    });
    await expect(rolledBack).rejects.toThrow('not this time');
    await database.db.transaction().execute(async (trx) => {
      await events.publish(trx, {
        type: 'test.done',
        org: 'default',
        subject: 'it',
        data: { a: [1] },
        to: ['role:admin'],
      });
    });
    expect(await first).toMatchObject({ type: 'test.done', subject: 'it', data: { a: [1] }, to: ['role:admin'] });
  });

  it('is waited for by its type and in its organisation alone, and no longer than one wants [CO-9]', async () => {
    const { events, database } = fairlead.running.house;
    const leaving = new AbortController();
    const other = events.when('another', 'test.*', leaving.signal);
    const exact = events.when('default', 'test.second', leaving.signal);
    for (const type of ['test.first', 'other.second', 'test.second'])
      await events.publish(database.db, { type, org: 'default', data: {} });
    expect((await exact)?.type).toBe('test.second');
    leaving.abort();
    expect(await other).toBeUndefined();
    await expect(events.publish(database.db, { type: 'nodots', org: 'default', data: {} })).rejects.toThrow('no type');
    const left = await sql<{ told: boolean }>`select told from events where type like 'test.%'`.execute(database.db);
    expect(left.rows.length).toBe(3);
  });
});
