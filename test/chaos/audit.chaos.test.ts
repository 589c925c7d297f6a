import { expect, it } from 'vitest';
import { crashRounds } from '../audit-crash.ts';
import { databaseKinds } from '../database.ts';

const rounds = process.env.CHAOS === 'short' ? 3 : 20;
const durabilities = ['file', 'database'] as const;

it.each(databaseKinds.flatMap((kind) => durabilities.map((durability) => ({ kind, durability }))))(
  'kill -9 under load, round after round, loses no acknowledged record: $kind, durable by $durability [SP-16]',
  { timeout: rounds * 60_000 },
  async ({ kind, durability }) => {
    const done = await crashRounds(kind, durability, rounds);
    for (const round of done) {
      expect(round).toMatchObject({ lost: [], unaccounted: [], faults: [], secretFound: false });
    }
    expect(done.every(({ acknowledged }) => acknowledged > 0)).toBe(true);
    expect(done.some(({ open }) => open > 0)).toBe(true);
  },
);
