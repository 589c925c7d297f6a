import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { databaseKinds, openTestDatabase } from '../database.ts';
import { killWriters } from './writeload.ts';

const rounds = 20;

it.each(databaseKinds)(
  `loses no acknowledged row of %s in ${rounds} rounds of kill -9 under write load [SP-19]`,
  { timeout: 600_000 },
  async (kind) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-chaos-'));
    const postgres = kind === 'postgres' ? await openTestDatabase([], { kind }) : undefined;
    const databaseUrl = postgres?.database.pool.options.connectionString;
    try {
      const report = await killWriters({ dataDir, ...(databaseUrl === undefined ? {} : { databaseUrl }) }, rounds);
      expect(report).toEqual({ acknowledged: expect.any(Number), lost: [], torn: [] });
      expect(report.acknowledged).toBeGreaterThan(rounds);
    } finally {
      await postgres?.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
);
