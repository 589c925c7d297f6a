import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseFor } from '../test/harness.ts';
import { type Served, type ServedOptions, serve } from '../test/served.ts';

export interface World {
  server: Served;
  stop(): Promise<void>;
}

/** Where a bench may make databases: Postgres when the environment names one. */
export const postgres = process.env.TEST_DATABASE_URL ?? process.env.DATABASE_URL;

/** A server in a process of its own, ready, on a data folder that goes with it; embedded unless `base` names a Postgres. */
export async function openWorld(options: Omit<ServedOptions, 'dataDir'> = {}, base = ''): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const dataDir = join(folder, 'data');
  const database = await databaseFor(dataDir, base);
  const server = await serve({ ...options, dataDir, env: { ...database.env, ...options.env } });
  await server.ready();
  return {
    server,
    async stop() {
      await server.stop();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
