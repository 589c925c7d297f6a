// What it costs to make an audit record durable before a response leaves.
import { createAudit } from '../src/capabilities/audit/index.ts';
import { callRecord, testAuditSettings, testKeyring } from '../test/audit-calls.ts';
import { type Figure, percentile, report, setting } from './figures.ts';
import { openStorage } from './storage.ts';
import { postgres } from './world.ts';

const rounds = setting('BENCH_ROUNDS', 3);
const times = setting('BENCH_TIMES', 1_000);
const side = setting('BENCH_CONNECTIONS', 50);

const figures: Figure[] = [];
const kinds: [name: string, base: string][] = [
  ['embedded', ''],
  ...(postgres ? [['Postgres', postgres] as [string, string]] : []),
];
for (const [kind, base] of kinds) {
  for (const durability of ['file', 'database'] as const) {
    const { database, dataDir, log, stop } = await openStorage(base);
    const audit = createAudit({
      db: database.db,
      kind: database.kind,
      dataDir,
      keyring: testKeyring,
      clock: { now: () => Date.now() },
      log,
      settings: { ...testAuditSettings, durability },
      replicaId: 'replica_bench',
    });
    await audit.start();
    const one = async () => {
      const startedAt = performance.now();
      await audit.record(audit.reserve(), callRecord());
      return performance.now() - startedAt;
    };
    const alone: number[] = [];
    const p99: number[] = [];
    const rate: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const single: number[] = [];
      for (let n = 0; n < times / 10; n++) single.push(await one());
      alone.push(percentile(single, 50));
      const together: number[] = [];
      const startedAt = performance.now();
      let left = times;
      const worker = async () => {
        while (left-- > 0) together.push(await one());
      };
      await Promise.all(Array.from({ length: side }, worker));
      rate.push(times / ((performance.now() - startedAt) / 1_000));
      p99.push(percentile(together, 99));
    }
    const what = `${kind}, durable by ${durability}`;
    figures.push({ what: `${what}: one alone, p50`, rounds: alone, unit: 'ms' });
    figures.push({ what: `${what}: ${side} at once, p99`, rounds: p99, unit: 'ms' });
    figures.push({ what: `${what}: ${side} at once`, rounds: rate, unit: 'records/s' });
    await audit.stop();
    await stop();
  }
}
report('Audit', figures);
