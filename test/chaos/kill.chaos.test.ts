import { expect, it } from 'vitest';
import { databaseKinds } from '../database.ts';
import { rounds } from './length.ts';
import { killServers } from './server-kills.ts';

const times = rounds(20, 3);

it.each(databaseKinds)(
  'a server killed under load keeps what it acknowledged, closes what it began and leaves no process: %s [SP-16] [SP-9] [SP-19]',
  { timeout: times * 60_000 },
  async (kind) => {
    const report = await killServers(kind === 'postgres' ? process.env.TEST_DATABASE_URL : undefined, times);
    expect(report).toMatchObject({ lost: [], unaccounted: 0, faults: [], orphans: [] });
    expect(report.acknowledged).toBeGreaterThan(times);
    expect(Object.keys(report.cutOff)).toEqual(['failed: OUTCOME_UNKNOWN']);
  },
);
