import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPolicy, type Policy, type PolicyDeps, policyMigrations } from '../src/capabilities/policy/index.ts';
import type { Principal } from '../src/kernel/principal.ts';
import type { Annotations, Tool } from '../src/kernel/tool.ts';
import { createBus } from '../src/platform/bus/index.ts';
import type { Database, Db } from '../src/platform/db/types.ts';
import { openTestDatabase, silentLog } from './database.ts';

export interface PolicyWorld {
  db: Db;
  database: Database;
  /** One replica more on this database, started. */
  start(deps?: Partial<PolicyDeps>): Promise<Policy>;
  create(deps?: Partial<PolicyDeps>): Policy;
  /** A new folder with these files. */
  folder(files: Record<string, string>): string;
  /** As new: no replica, no policies, no folder. An engine takes long to start. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function openPolicyWorld(): Promise<PolicyWorld> {
  const { database, db, stop } = await openTestDatabase(policyMigrations);
  const cleanups: (() => Promise<void> | void)[] = [];
  const bus = await createBus({ log: silentLog });
  const cleanUp = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  const create = (deps?: Partial<PolicyDeps>) => {
    const policy = createPolicy({
      db,
      bus,
      clock: { now: () => Date.now() },
      log: silentLog,
      shipped: true,
      environment: 'dev',
      projections: {},
      ...deps,
    });
    cleanups.push(policy.stop);
    return policy;
  };
  return {
    db,
    database,
    create,
    async start(deps) {
      const policy = create(deps);
      await policy.start();
      return policy;
    },
    folder(files) {
      const folder = mkdtempSync(join(tmpdir(), 'fairlead-policies-'));
      cleanups.push(() => rmSync(folder, { recursive: true }));
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      return folder;
    },
    async reset() {
      await cleanUp();
      for (const table of ['policies', 'policy_versions', 'policy_sets', 'policy_revisions']) {
        await database.pool.query(`alter table if exists ${table}_hidden rename to ${table}`);
        await database.pool.query(`delete from ${table}`);
      }
    },
    async stop() {
      await cleanUp();
      await bus.stop();
      await stop();
    },
  };
}

/** A user of organisation `acme` with the role of an operator. */
export function testPrincipal(changes: Partial<Principal> = {}): Principal {
  return {
    id: 'key:1',
    kind: 'user',
    org: 'acme',
    name: 'Ada',
    roles: ['operator'],
    scopes: [],
    credential: { kind: 'api_key', id: '1' },
    ...changes,
  };
}

/** A live tool of organisation `acme`; every annotation is false unless given. */
export function testTool(id: string, changes: Partial<Tool> = {}, annotations: Partial<Annotations> = {}): Tool {
  const dot = id.indexOf('.');
  const [toolset, name] = [id.slice(0, dot), id.slice(dot + 1)];
  return {
    org: 'acme',
    id,
    toolset,
    name,
    definition: { name, inputSchema: {} },
    digest: 'sha256:0',
    annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: false, ...annotations },
    tags: [],
    status: 'live',
    ...changes,
  };
}
