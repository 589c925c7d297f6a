import { pino } from 'pino';
import { auditMigrations, createAudit } from '../src/capabilities/audit/index.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { migrate, openDatabase } from '../src/platform/db/index.ts';
import { callIntent, callRecord, testAuditSettings, testKeyring } from './audit-calls.ts';

/**
 * A process that makes calls without end and says what became durable: `intended <id>` and `recorded <id>`, one a line.
 * It is there to be killed.
 */
const [dataDir = '', durability, secret = '', databaseUrl] = process.argv.slice(2);

const silentLog = pino({ level: 'silent' });
const database = await openDatabase({ dataDir, databaseUrl, log: silentLog });
await migrate(database, auditMigrations);
const audit = createAudit({
  db: database.db,
  kind: database.kind,
  dataDir,
  keyring: testKeyring,
  clock: systemClock,
  log: silentLog,
  settings: { ...testAuditSettings, durability: durability === 'file' ? 'file' : 'database' },
  replicaId: `child-${process.pid}`,
  // Small segments and short pauses: the kill shall hit every stage of the way to the database.
  limits: { lingerMs: 10, segmentBytes: 64 * 1024, segmentMs: 500 },
});
await audit.start();

const callForEver = async (worker: number) => {
  for (let count = 0; ; count++) {
    const place = audit.reserve();
    const intent = callIntent({ arguments: { worker, count, password: secret } });
    if (count % 2 === 0) {
      await audit.intend(place, intent);
      process.stdout.write(`intended ${intent.id}\n`);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    }
    await audit.record(
      place,
      callRecord({ ...intent, result: { content: [{ type: 'text', text: `token=${secret}` }] } }),
    );
    process.stdout.write(`recorded ${intent.id}\n`);
  }
};
await Promise.all(Array.from({ length: 20 }, (_, worker) => callForEver(worker)));
