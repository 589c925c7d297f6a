import { readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AuditWorld, openAuditWorld, recordCall } from '../../../test/audit.ts';
import { callIntent, callRecord } from '../../../test/audit-calls.ts';
import { databaseKinds, silentLog } from '../../../test/database.ts';
import { databaseOver } from '../../platform/db/database.ts';
import { openPostgres } from '../../platform/db/postgres.ts';
import { AuditQueueFull, AuditUnavailable } from './errors.ts';
import type { Audit } from './types.ts';

const limits = { databaseWaitMs: 300 };
const patience = { timeout: 20_000 };

describe.each(databaseKinds)('when something fails on %s', (kind) => {
  let world: AuditWorld;

  beforeEach(async () => {
    world = await openAuditWorld(kind);
  });
  afterEach(() => world.stop());

  /** Everybody else waits for the audit's tables until the returned function is called. */
  const block = async (): Promise<() => Promise<void>> => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let held = () => {};
    const holding = new Promise<void>((resolve) => {
      held = resolve;
    });
    const transaction = world.db.transaction().execute(async (trx) => {
      await sql`lock table audit_heads, audit_records, audit_intents in access exclusive mode`.execute(trx);
      held();
      await released;
    });
    await holding;
    return () => {
      release();
      return transaction;
    };
  };

  it('a database that does not answer costs one wait, then the file stands in until it is back [SP-16]', async () => {
    const audit = await world.open({ durability: 'database' }, { limits });
    const ids = [await recordCall(audit)];
    // On a busy machine even this first one may have taken the way over the file.
    await vi.waitFor(() => expect(audit.stats()).toMatchObject({ databaseAway: false, unshippedBytes: 0 }), patience);

    const unblock = await block();
    ids.push(await recordCall(audit));
    expect(audit.stats().databaseAway).toBe(true);
    const started = Date.now();
    for (let index = 0; index < 20; index++) ids.push(await recordCall(audit));
    expect(Date.now() - started).toBeLessThan(20 * limits.databaseWaitMs);
    expect(audit.stats().unshippedBytes).toBeGreaterThan(1_000);
    expect(audit.stats().lagMs).toBeGreaterThan(0);
    expect(await audit.flush(50)).toBe(false);

    await unblock();
    expect(await audit.flush(20_000)).toBe(true);
    const { records } = await audit.list('default', {}, undefined, 100);
    expect(records.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    expect(records).toHaveLength(ids.length);
    expect((await audit.verify('default')).ok).toBe(true);
    await vi.waitFor(() => expect(audit.stats()).toMatchObject({ databaseAway: false, unshippedBytes: 0 }), patience);
  });

  it('nobody waits longer for the database because others wait before them: other organisations, other groups [CA-12]', async () => {
    const audit = await world.open({ durability: 'database' }, { limits });
    const unblock = await block();
    const waited = async (org: string) => {
      const startedAt = performance.now();
      await recordCall(audit, { org });
      return performance.now() - startedAt;
    };
    const all = Array.from({ length: 12 }, (_, n) => `org-${n}`).flatMap((org) => Array(250).fill(org) as string[]);
    const times = await Promise.all(all.map(waited));
    await unblock();
    expect(Math.max(...times)).toBeLessThan(4 * limits.databaseWaitMs);
  });

  it('a slow database makes nobody wait longer than one that is away [CA-12]', async () => {
    const audit = await world.open({ durability: 'database' }, { limits: { databaseWaitMs: 1_000 } });
    await recordCall(audit);
    await sql`create function slow() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.6); return new; end $$`.execute(world.db);
    await sql`create trigger slow before update on audit_heads for each row execute function slow()`.execute(world.db);
    const startedAt = performance.now();
    const ids = await Promise.all(Array.from({ length: 1_500 }, () => recordCall(audit)));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(await audit.flush(20_000)).toBe(true);
    expect(await audit.verify('default')).toMatchObject({ ok: true, checked: ids.length + 1 });
  });

  it('an intent that went to the file does not outlive a record that went to the database [SP-16]', async () => {
    const audit = await world.open({ durability: 'database' }, { limits });
    const unblock = await block();
    const place = audit.reserve();
    const intent = callIntent();
    await audit.intend(place, intent);
    await unblock();
    await audit.record(place, callRecord({ ...intent }));
    expect(await audit.flush(20_000)).toBe(true);
    expect((await sql`select 1 from audit_intents`.execute(world.db)).rows).toEqual([]);
    await audit.closeAbandoned();
    expect(await audit.get('default', intent.id)).toMatchObject({ outcome: 'ok' });
  });

  it('a database that refuses everything is stood in for as well, over a restart [SP-16]', async () => {
    const audit = await world.open({}, { limits });
    await sql`alter table audit_heads rename to audit_heads_gone`.execute(world.db);
    const ids = [await recordCall(audit), await recordCall(audit)];
    await expect(audit.flush(500)).resolves.toBe(false);
    await audit.stop();
    await sql`alter table audit_heads_gone rename to audit_heads`.execute(world.db);
    const next = await world.open({}, { limits });
    const { records } = await next.list('default');
    expect(records.map(({ id }) => id).sort()).toEqual(ids.sort());
    expect((await next.verify('default')).ok).toBe(true);
  });

  it('a data folder that takes no more is stood in for by the database [SP-16]', async () => {
    const audit = await world.open({ durability: 'file' }, { limits: { ...limits, segmentBytes: 1 } });
    await recordCall(audit);
    await audit.flush(20_000);
    await rm(join(world.dataDir, 'audit'), { recursive: true });
    const id = await recordCall(audit);
    expect((await audit.list('default')).records.map((record) => record.id)).toContain(id);
  });

  it('nothing is acknowledged when neither takes it, and the place is free again [SP-16]', async () => {
    const audit = await world.open({}, { limits: { ...limits, segmentBytes: 1 } });
    await recordCall(audit);
    await audit.flush(20_000);
    await rm(join(world.dataDir, 'audit'), { recursive: true });
    await sql`alter table audit_heads rename to audit_heads_gone`.execute(world.db);
    await expect(recordCall(audit)).rejects.toSatisfy(AuditUnavailable.is);
    expect(audit.stats().queued).toBe(0);
    await sql`alter table audit_heads_gone rename to audit_heads`.execute(world.db);
    await expect(recordCall(audit)).resolves.toBeDefined();
  });

  it('a record that the database will never take is set aside and holds up no other [SP-16]', async () => {
    const audit = await world.open({ durability: 'file' }, { limits });
    await sql`alter table audit_records add check (tool <> 'poison.tool')`.execute(world.db);
    const calls = ['a.tool', 'poison.tool', 'b.tool'].map((tool) => recordCall(audit, { tool }));
    const [a, poison, b] = await Promise.all(calls);
    expect(await audit.flush(20_000)).toBe(true);
    expect((await audit.list('default')).records.map(({ id }) => id).sort()).toEqual([a, b].sort());
    expect(audit.stats()).toMatchObject({ rejected: 1 });
    const aside = await readFile(join(world.dataDir, 'audit', 'rejected.jsonl'), 'utf8');
    expect(
      aside
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual([poison]);
    expect((await audit.verify('default')).ok).toBe(true);
  });

  it('no call is let in while the file holds more than it may [SP-16]', async () => {
    const audit = await world.open({ durability: 'file', maxBacklogBytes: 5_000 }, { limits });
    const unblock = await block();
    for (let index = 0; index < 10 && audit.stats().unshippedBytes <= 5_000; index++) await recordCall(audit);
    expect(() => audit.reserve()).toThrow(expect.objectContaining({ code: AuditQueueFull.code }));
    await unblock();
    await audit.flush(20_000);
    audit.reserve().release();
  });

  it('a second process on the same data folder is refused [SP-16]', async () => {
    await world.open();
    await expect(world.open()).rejects.toMatchObject({
      code: 'DATA_DIR_IN_USE',
      message: expect.stringMatching(/^(?!.*embedded).*write-ahead file of the audit/),
    });
  });
});

describe.runIf(databaseKinds.includes('postgres'))('when the network to Postgres breaks', () => {
  let world: AuditWorld;
  let proxy: Server;
  let port = 0;
  const sockets = new Set<Socket>();

  const openProxy = async (listenPort: number) => {
    const target = new URL(process.env.TEST_DATABASE_URL ?? '');
    proxy = createServer((client) => {
      const server = connect(Number(target.port || 5432), target.hostname);
      for (const socket of [client, server]) {
        sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          sockets.delete(socket);
          client.destroy();
          server.destroy();
        });
      }
      client.pipe(server).pipe(client);
    });
    await new Promise<void>((resolve) => proxy.listen(listenPort, '127.0.0.1', resolve));
    port = (proxy.address() as AddressInfo).port;
  };

  const closeProxy = async () => {
    const closed = new Promise((resolve) => proxy.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  beforeEach(async () => {
    world = await openAuditWorld('postgres');
    await openProxy(0);
  });
  afterEach(async () => {
    await closeProxy();
    await world.stop();
  });

  it.each(['file', 'database'] as const)(
    'every record is kept and shipped when it is back: %s [SP-16]',
    async (durability) => {
      const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(world.db);
      const url = new URL(process.env.TEST_DATABASE_URL ?? '');
      url.host = `127.0.0.1:${port}`;
      url.pathname = `/${rows[0]?.name}`;
      const pool = openPostgres(url.href, silentLog);
      const { db, stop } = databaseOver('postgres', pool, () => pool.end());
      const audit: Audit = await world.open({ durability }, { db, limits });

      const ids: string[] = [];
      const callOften = async (until: () => boolean) => {
        while (!until()) ids.push(await recordCall(audit));
      };
      let over = false;
      const calling = Array.from({ length: 10 }, () => callOften(() => over));
      await new Promise((resolve) => setTimeout(resolve, 200));
      await closeProxy();
      await new Promise((resolve) => setTimeout(resolve, 500));
      await openProxy(port);
      await new Promise((resolve) => setTimeout(resolve, 200));
      over = true;
      await Promise.all(calling);
      expect(await audit.flush(30_000)).toBe(true);

      const found = new Set<string>();
      for await (const line of audit.exportJsonl('default')) found.add(JSON.parse(line).id);
      expect(found).toEqual(new Set(ids));
      expect((await audit.verify('default')).faults).toEqual([]);
      await audit.stop();
      await stop();
    },
  );
});
