import { type Access, type AccessDeps, accessMigrations, createAccess } from '../src/capabilities/access/index.ts';
import type { Bus } from '../src/platform/bus/types.ts';
import type { Database, Db } from '../src/platform/db/types.ts';
import { createKeyring, type Keyring } from '../src/platform/keyring/index.ts';
import { openTestDatabase, silentLog } from './database.ts';

/** A clock that goes with the real one and can be set forward or back. */
export interface TestClock {
  now(): number;
  advance(ms: number): void;
  /** Puts it this far ahead of the real one. */
  set(aheadMs: number): void;
}

const tables = ['access_orgs', 'access_keys', 'access_revision'] as const;

export interface AccessWorld {
  db: Db;
  database: Database;
  keyring: Keyring;
  clock: TestClock;
  /** One replica more on this database. */
  open(deps?: Partial<AccessDeps>): Access;
  /** Makes every query of a table fail, as if the database were out of reach, until it is shown again. */
  hide(table: (typeof tables)[number]): Promise<void>;
  show(table: (typeof tables)[number]): Promise<void>;
  /** As new: no replica, no keys, only the default organisation. An engine takes long to start. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** A bus that is down: nothing published arrives. */
export const deadBus: Bus = {
  publish: () => Promise.reject(new Error('the bus is down')),
  subscribe: () => () => undefined,
  stop: () => Promise.resolve(),
};

export const testResource = 'http://127.0.0.1:7300/mcp';

export async function openAccessWorld(kind?: Database['kind']): Promise<AccessWorld> {
  const { database, db, stop } = await openTestDatabase(accessMigrations, { kind });
  const keyring = createKeyring('a secret of the test, thirty-two bytes or more');
  const clock = createTestClock();
  const opened: Access[] = [];
  const stopAll = () => Promise.all(opened.splice(0).map((access) => access.stop()));
  return {
    db,
    database,
    keyring,
    clock,
    open(deps) {
      const access = createAccess({
        db,
        keyring,
        clock,
        bus: deadBus,
        log: silentLog,
        issuers: [],
        resource: testResource,
        development: false,
        fetch,
        ...deps,
      });
      opened.push(access);
      return access;
    },
    async hide(table) {
      await database.pool.query(`alter table ${table} rename to ${table}_hidden`);
    },
    async show(table) {
      await database.pool.query(`alter table ${table}_hidden rename to ${table}`);
    },
    async reset() {
      await stopAll();
      clock.set(0);
      for (const table of tables) await database.pool.query(`alter table if exists ${table}_hidden rename to ${table}`);
      await database.pool.query("delete from access_keys; delete from access_orgs where id <> 'default'");
    },
    async stop() {
      await stopAll();
      await stop();
    },
  };
}

function createTestClock(): TestClock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    advance: (ms) => {
      ahead += ms;
    },
    set: (aheadMs) => {
      ahead = aheadMs;
    },
  };
}
