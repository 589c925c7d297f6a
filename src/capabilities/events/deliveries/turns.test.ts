import { expect, it } from 'vitest';
import { openTestDatabase } from '../../../../test/database.ts';
import { eventsMigrations } from '../migrations.ts';
import { insertEvent } from '../store.ts';
import { insertDeliveries, takeDue } from './store.ts';

it('are taken oldest first, and of one organisation no more than it may have under way [CO-9]', async () => {
  const database = await openTestDatabase(eventsMigrations);
  try {
    const { db } = database;
    const put = async (org: string, name: string, count: number, at: number) => {
      const event = `evt_${org}_${name}`;
      await insertEvent(db, org, { id: event, org, type: 'a.b', data: {}, at });
      for (let n = 0; n < count; n++) {
        await insertEvent(db, org, { id: `${event}_${n}`, org, type: 'a.b', data: {}, at });
        await insertDeliveries(
          db,
          org,
          [{ id: `dlv_${name}_${n}`, event: `${event}_${n}`, destination: name }],
          at + n,
        );
      }
    };
    // One organisation with many receivers that were all due before, and one with a single receiver.
    for (const name of ['a', 'b', 'c', 'd']) await put('acme', name, 4, 100);
    await put('zeta', 'late', 2, 200);
    const rooms = ['a', 'b', 'c', 'd'].map((name) => ({ org: 'acme', name, room: 4, roomOfOrg: 5, leaseMs: 1_000 }));
    const late = { org: 'zeta', name: 'late', room: 4, roomOfOrg: 5, leaseMs: 1_000 };
    const taken = await takeDue(db, [...rooms, late], { try: 'try_1', most: 10 }, 1_000);
    expect(taken.filter(({ event }) => event.org === 'acme')).toHaveLength(5);
    expect(taken.filter(({ event }) => event.org === 'zeta')).toHaveLength(2);
    // With few places left, it goes by who has waited longest, not by whose name comes first.
    const next = await takeDue(db, [...rooms, { ...late, room: 0 }], { try: 'try_2', most: 2 }, 1_000);
    expect(next.map(({ id }) => id.split('_').at(-1)).sort()).toEqual(['1', '1']);
  } finally {
    await database.stop();
  }
});
