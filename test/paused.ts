import { sql } from 'kysely';
import { startPostgres } from '../scripts/services/postgres.ts';
import { databaseKinds } from './database.ts';
import { type Fairlead, type FairleadOptions, startFairlead } from './harness.ts';

export interface PausableFairlead extends Fairlead {
  /** The database answers nobody for so long; resolves when it does again. */
  pauseDatabase(forMs: number): Promise<void>;
}

export const pausableKinds = databaseKinds;

/** A server whose database can be stopped: a Postgres of its own, or the embedded one. */
export async function startPausable(
  kind: (typeof databaseKinds)[number],
  options: FairleadOptions = {},
): Promise<PausableFairlead> {
  if (kind === 'embedded') {
    const fairlead = await startFairlead({ ...options, postgres: '' });
    const { db } = fairlead.running.house.database;
    return {
      ...fairlead,
      // There is one connection, so nobody else is answered meanwhile.
      pauseDatabase: async (forMs) => void (await sql`select pg_sleep(${forMs / 1000})`.execute(db)),
    };
  }
  const postgres = await startPostgres();
  const { pause } = postgres;
  if (!pause) throw new Error(`${postgres.name} cannot be paused`);
  try {
    const fairlead = await startFairlead({ ...options, postgres: postgres.url });
    return {
      ...fairlead,
      async pauseDatabase(forMs) {
        const resume = await pause();
        await new Promise((resolve) => setTimeout(resolve, forMs)).finally(resume);
      },
      stop: () => fairlead.stop().finally(postgres.stop),
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
