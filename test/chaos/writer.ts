/** Writes pairs of rows until it is killed, and says on its output which pairs were acknowledged. */
import { writeSync } from 'node:fs';
import { sql } from 'kysely';
import { pino } from 'pino';
import { openDatabase } from '../../src/platform/db/index.ts';

const [target = '', round = ''] = process.argv.slice(2);
const { databaseUrl, dataDir } = JSON.parse(target) as { databaseUrl?: string; dataDir: string };
const database = await openDatabase({ databaseUrl, dataDir, log: pino({ level: 'silent' }) });

async function write(writer: number): Promise<never> {
  for (let n = 0; ; n++) {
    const pair = `${round}-${writer}-${n}`;
    await database.db.transaction().execute(async (tx) => {
      await sql`insert into pair (pair, half) values (${pair}, 1)`.execute(tx);
      await sql`insert into pair (pair, half) values (${pair}, 2)`.execute(tx);
    });
    // Written at once: what a buffer holds would die with the process.
    writeSync(1, `${pair}\n`);
  }
}

await Promise.all([0, 1, 2, 3].map(write));
