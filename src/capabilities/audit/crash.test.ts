import { expect, it } from 'vitest';
import { crashRounds } from '../../../test/audit-crash.ts';
import { databaseKinds } from '../../../test/database.ts';

const usual = { embedded: 'file', postgres: 'database' } as const;
const other = { embedded: 'database', postgres: 'file' } as const;

it.each(
  databaseKinds.flatMap((kind) => [
    { kind, durability: usual[kind], rounds: 3 },
    { kind, durability: other[kind], rounds: 1 },
  ]),
)(
  'kill -9 under load loses no acknowledged record: $kind, durable by $durability, $rounds times [SP-16]',
  { timeout: 240_000 },
  async ({ kind, durability, rounds }) => {
    for (const round of await crashRounds(kind, durability, rounds)) {
      expect(round).toMatchObject({ lost: [], unaccounted: [], faults: [], secretFound: false });
      expect(round.acknowledged).toBeGreaterThan(0);
    }
  },
);
