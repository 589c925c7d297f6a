import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Audit,
  type AuditDeps,
  type AuditPlace,
  auditMigrations,
  type CallRecord,
  createAudit,
} from '../src/capabilities/audit/index.ts';
import type { AuditSettings } from '../src/config/schema.ts';
import type { Database, Db } from '../src/platform/db/types.ts';
import { callRecord, testAuditSettings, testKeyring } from './audit-calls.ts';
import { openTestDatabase, silentLog } from './database.ts';

export interface AuditWorld {
  db: Db;
  database: Database;
  dataDir: string;
  /** Milliseconds by which the clock of the audits is ahead. */
  ahead: number;
  /** An audit on this database, started; on this data folder unless another is given. */
  open(settings?: Partial<AuditSettings>, deps?: Partial<AuditDeps>): Promise<Audit>;
  /** A data folder of its own. */
  folder(): string;
  stop(): Promise<void>;
}

export async function openAuditWorld(kind?: Database['kind']): Promise<AuditWorld> {
  const { database, db, stop } = await openTestDatabase(auditMigrations, kind ? { kind } : {});
  const folders: string[] = [];
  const audits: Audit[] = [];
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), 'fairlead-audit-'));
    folders.push(made);
    return made;
  };
  const world: AuditWorld = {
    db,
    database,
    dataDir: folder(),
    ahead: 0,
    folder,
    async open(settings = {}, deps = {}) {
      const audit = createAudit({
        db,
        kind: database.kind,
        dataDir: world.dataDir,
        keyring: testKeyring,
        clock: { now: () => Date.now() + world.ahead },
        log: silentLog,
        settings: { ...testAuditSettings, ...settings },
        replicaId: 'replica_test',
        ...deps,
        limits: { lingerMs: 5, ...deps.limits },
      });
      audits.push(audit);
      await audit.start();
      return audit;
    },
    async stop() {
      await Promise.all(audits.map((audit) => audit.stop()));
      await stop();
      for (const made of folders) rmSync(made, { recursive: true, force: true });
    },
  };
  return world;
}

/** Records one call the way that the pipeline does, and returns its id. */
export async function recordCall(audit: Audit, parts: Partial<CallRecord> = {}): Promise<string> {
  const record = callRecord(parts);
  const place: AuditPlace = audit.reserve();
  await audit.record(place, record);
  return record.id;
}
