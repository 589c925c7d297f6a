import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Audit,
  type AuditDeps,
  type AuditPlace,
  auditMigrations,
  type CallIntent,
  type CallRecord,
  createAudit,
} from '../src/capabilities/audit/index.ts';
import type { AuditSettings } from '../src/config/schema.ts';
import { newId } from '../src/kernel/ids.ts';
import type { Database, Db } from '../src/platform/db/types.ts';
import { createKeyring } from '../src/platform/keyring/index.ts';
import { openTestDatabase, silentLog } from './database.ts';

export const testKeyring = createKeyring('a secret of the tests, longer than 32 bytes');

export const testAuditSettings: AuditSettings = { maxBodyBytes: 16_384, queueSize: 10_000, redactKeys: [] };

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

/** A call of `demo.write` by `key:tester` of the organisation `default`, over. */
export function callRecord(parts: Partial<CallRecord> = {}): CallRecord {
  return { ...callIntent(parts), result: { content: [] }, outcome: 'ok', durationMs: 3, ...parts };
}

export function callIntent(parts: Partial<CallIntent> = {}): CallIntent {
  return {
    id: newId('call'),
    org: 'default',
    at: Date.now(),
    kind: 'call',
    principal: {
      id: 'key:tester',
      name: 'tester',
      kind: 'user',
      roles: ['developer'],
      credential: { kind: 'api_key', id: 'key_1' },
    },
    surface: 'mcp',
    operation: 'tool',
    tool: 'demo.write',
    toolDigest: `sha256:${'0'.repeat(64)}`,
    annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: false },
    arguments: { text: 'hello' },
    rule: 'shipped/developer',
    upstream: 'demo',
    ...parts,
  };
}

/** Records one call the way that the pipeline does, and returns its id. */
export async function recordCall(audit: Audit, parts: Partial<CallRecord> = {}): Promise<string> {
  const record = callRecord(parts);
  const place: AuditPlace = audit.reserve();
  await audit.record(place, record);
  return record.id;
}
