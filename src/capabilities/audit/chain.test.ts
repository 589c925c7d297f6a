import { type RawBuilder, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditWorld, openAuditWorld, recordCall } from '../../../test/audit.ts';
import { callRecord, testKeyring } from '../../../test/audit-calls.ts';
import { databaseKinds } from '../../../test/database.ts';
import { createKeyring } from '../../platform/keyring/index.ts';
import { createChain, hashOf } from './chain.ts';
import type { Anchor, Audit } from './types.ts';

const dayMs = 24 * 60 * 60_000;

describe.each(databaseKinds)('the chain of records on %s', (kind) => {
  let world: AuditWorld;
  let audit: Audit;
  let made = 0;

  beforeAll(async () => {
    world = await openAuditWorld(kind);
    audit = await world.open();
  });
  afterAll(() => world.stop());

  /** An organisation with this many records. */
  const chainOf = async (count: number, at: (index: number) => number = () => Date.now()) => {
    const org = `chain-${++made}`;
    for (let index = 0; index < count; index++) await recordCall(audit, { org, at: at(index) });
    await audit.flush(20_000);
    return org;
  };

  const run = (statement: RawBuilder<unknown>) => statement.execute(world.db);
  const kinds = async (org: string) => (await audit.verify(org)).faults.map((fault) => [fault.kind, fault.seq]);

  it('is whole when nobody touched it, and each hash can be computed from what is shown [SP-16]', async () => {
    const org = await chainOf(30);
    const { records } = await audit.list(org, {}, undefined, 2);
    const [last, before] = records;
    if (!last || !before) throw new Error('two records were made');
    const head = { seq: 30, hash: last.hash };
    expect(await audit.verify(org)).toEqual({ org, ok: true, checked: 30, from: 1, to: 30, faults: [], head });
    const { rows } = await sql<{ body: string }>`
      select body from audit_records where org = ${org} and seq = 30`.execute(world.db);
    expect(hashOf(before.hash, last.seq, rows[0]?.body ?? '')).toBe(last.hash);
  });

  it('shows where a text was edited, and only there [SP-16]', async () => {
    const org = await chainOf(20);
    await run(sql`update audit_records set body = replace(body, 'hello', 'hullo') where org = ${org} and seq = 7`);
    expect(await kinds(org)).toEqual([['edited', 7]]);
  });

  it('shows an edit whose own hash was made to fit [SP-16]', async () => {
    const org = await chainOf(20);
    const { rows } = await sql<{ seq: string; hash: string; body: string }>`
      select seq, hash, body from audit_records where org = ${org} and seq in (6, 7) order by seq`.execute(world.db);
    const body = rows[1]?.body.replace('hello', 'hullo') ?? '';
    const hash = hashOf(rows[0]?.hash ?? '', 7, body);
    await run(sql`update audit_records set body = ${body}, hash = ${hash} where org = ${org} and seq = 7`);
    expect(await kinds(org)).toEqual([['edited', 8]]);
  });

  it.each([
    ['tool', sql`tool = 'other.tool'`],
    ['principal', sql`principal = 'key:other'`],
    ['outcome', sql`outcome = 'denied'`],
    ['time', sql`at = at + interval '1 hour'`],
    ['id', sql`id = 'call_other'`],
    ['inferred', sql`inferred = not inferred`],
  ])('shows when a column no longer says what the text says: %s [SP-16]', async (_, change) => {
    const org = await chainOf(5);
    await run(sql`update audit_records set ${change} where org = ${org} and seq = 3`);
    expect(await kinds(org)).toEqual([['edited', 3]]);
  });

  it('shows records that are missing in the middle [SP-16]', async () => {
    const org = await chainOf(20);
    await run(sql`delete from audit_records where org = ${org} and seq in (7, 8)`);
    expect(await kinds(org)).toEqual([['gap', 9]]);
  });

  it('shows records that are missing at the beginning [SP-16]', async () => {
    const org = await chainOf(5);
    await run(sql`delete from audit_records where org = ${org} and seq <= 2`);
    expect(await kinds(org)).toEqual([['gap', 3]]);
  });

  it('shows records that are missing at the end, also when the head was moved back [SP-16]', async () => {
    const org = await chainOf(20);
    await run(sql`delete from audit_records where org = ${org} and seq > 18`);
    expect(await kinds(org)).toEqual([['tail', 19]]);
    await run(sql`update audit_heads set seq = 18, hash = (
      select hash from audit_records r where r.org = ${org} and seq = 18) where org = ${org}`);
    expect(await kinds(org)).toEqual([['head', 18]]);
  });

  it('shows records that were put in: twice the same number, beyond the head, without a head [SP-16]', async () => {
    const org = await chainOf(5);
    const copy = (seq: number, as: RawBuilder<unknown>) =>
      run(sql`insert into audit_records select org, at + interval '1 second', ${as}, id, kind, principal, tool, outcome,
        parent, inferred, body, hash from audit_records where org = ${org} and seq = ${seq}`);
    await copy(5, sql`seq`);
    expect(await kinds(org)).toEqual([['edited', 5]]);
    await run(sql`delete from audit_records where org = ${org} and at = (
      select max(at) from audit_records where org = ${org})`);
    await copy(5, sql`seq + 1`);
    expect(await kinds(org)).toEqual([['tail', 6]]);
    await run(sql`delete from audit_heads where org = ${org}`);
    expect(await kinds(org)).toEqual([
      ['head', 0],
      ['tail', 1],
    ]);
  });

  describe('held against an anchor', () => {
    const tables = ['audit_heads', 'audit_records', 'audit_checkpoints'];
    const wipe = async (org: string) => {
      for (const table of tables) await run(sql`delete from ${sql.table(table)} where org = ${org}`);
    };
    const anchorOf = async (org: string) => {
      const { head } = await audit.verify(org);
      if (!head) throw new Error('the chain has no record');
      return head;
    };
    const held = async (org: string, anchor: Anchor) => {
      const { ok, faults, anchor: compared } = await audit.verify(org, { anchor });
      expect(ok).toBe(faults.length === 0);
      return compared ?? faults.map(({ kind, seq, detail }) => `${kind} ${seq}: ${detail}`);
    };

    it('holds while it goes on [SP-16]', async () => {
      const org = await chainOf(3);
      const anchor = await anchorOf(org);
      expect(await held(org, anchor)).toEqual({ seq: 3, compared: 'hash' });
      await recordCall(audit, { org });
      expect(await held(org, anchor)).toEqual({ seq: 3, compared: 'hash' });
    });

    it('shows that all of it is gone, head included, and that another one was begun [SP-16]', async () => {
      const org = await chainOf(3);
      const anchor = await anchorOf(org);
      await wipe(org);
      expect(await audit.verify(org)).toMatchObject({ ok: true, checked: 0 }); // nothing in the database tells
      expect(await held(org, anchor)).toEqual(['anchor 3: the chain held this record, and is gone']);
      await recordCall(audit, { org });
      expect(await held(org, anchor)).toEqual(['anchor 3: the chain held this record, and ends at 1 now']);
      for (let more = 0; more < 4; more++) await recordCall(audit, { org });
      expect(await audit.verify(org)).toMatchObject({ ok: true });
      expect(await held(org, anchor)).toEqual([
        'anchor 3: this record is another one than it was, or the chain before it',
      ]);
    });

    it('shows that it was put back to an older head, which is still signed [SP-16]', async () => {
      const org = await chainOf(5);
      const { rows } = await sql<{ hash: string; signature: string }>`
        select hash, signature from audit_heads where org = ${org}`.execute(world.db);
      const [old] = rows;
      await recordCall(audit, { org });
      const anchor = await anchorOf(org);
      await run(sql`delete from audit_records where org = ${org} and seq > 5`);
      await run(sql`update audit_heads set seq = 5, hash = ${old?.hash}, signature = ${old?.signature}
        where org = ${org}`);
      expect(await audit.verify(org)).toMatchObject({ ok: true, to: 5 });
      expect(await held(org, anchor)).toEqual(['anchor 6: the chain held this record, and ends at 5 now']);
    });

    it('shows that its record is missing [SP-16]', async () => {
      const org = await chainOf(5);
      const { records } = await audit.list(org);
      const anchor = { seq: 3, hash: records[2]?.hash ?? '' };
      await run(sql`delete from audit_records where org = ${org} and seq = 3`);
      expect(await held(org, anchor)).toEqual([
        'gap 4: 1 records before it are missing',
        'anchor 3: the chain held this record, and it is missing now',
      ]);
    });

    it('can compare the hash of the last record that the retention deleted, and only the number before [SP-16]', async () => {
      const org = await chainOf(6, (index) => Date.now() - (index < 4 ? 40 : 1) * dayMs);
      const records = (await audit.list(org, {}, undefined, 10)).records.reverse();
      const at = (seq: number) => ({ seq, hash: records[seq - 1]?.hash ?? '' });
      await (await world.open({ retentionDays: 30 }, { dataDir: world.folder() })).retain();
      expect(await held(org, at(2))).toEqual({ seq: 2, compared: 'number' });
      expect(await held(org, at(4))).toEqual({ seq: 4, compared: 'hash' });
      expect(await held(org, { ...at(4), hash: '0'.repeat(64) })).toHaveLength(1);
      expect(await held(org, at(6))).toEqual({ seq: 6, compared: 'hash' });
      await wipe(org);
      expect(await held(org, at(2))).toEqual(['anchor 2: the chain held this record, and is gone']);
    });

    it('does not hold after a removal either, and says where that is on record [SP-16]', async () => {
      const org = await chainOf(2);
      const anchor = await anchorOf(org);
      await world.db.transaction().execute((trx) => audit.purge(trx, org));
      expect(await held(org, anchor)).toEqual([expect.stringMatching(/is gone; .* removed at \d{4}-.* orgs\.purge/)]);
    });
  });

  it('cannot be silenced by a date from which on records count [SP-16]', async () => {
    const org = await chainOf(3);
    await run(sql`update audit_heads set since = '2099-01-01' where org = ${org}`);
    expect(await kinds(org)).toEqual([['head', 3]]);
    const other = await world.open({}, { dataDir: world.folder() }); // knows nothing of the chain but what stands there
    await recordCall(other, { org });
    await other.flush(20_000);
    expect((await other.verify(org)).faults).toMatchObject([{ kind: 'head' }]);
    expect((await other.list(org)).records).toHaveLength(4);
  });

  it('does not pass under another secret [SP-16]', async () => {
    const org = await chainOf(3);
    const keyring = createKeyring('another secret, also longer than 32 bytes');
    const other = await world.open({}, { keyring, dataDir: world.folder() });
    expect((await other.verify(org)).faults).toMatchObject([{ kind: 'head' }]);
  });

  it('finds faults across pages and says how far it is [SP-16]', async () => {
    const org = `chain-${++made}`;
    await Promise.all(Array.from({ length: 1_200 }, () => recordCall(audit, { org })));
    await audit.flush(20_000);
    const seen: number[] = [];
    const onProgress = (checked: number, of: number) => {
      seen.push(checked);
      expect(of).toBe(1_200);
    };
    const whole = await audit.verify(org, { onProgress });
    expect(whole).toMatchObject({ ok: true, checked: 1_200 });
    expect(seen.at(-1)).toBe(1_200);
    expect(seen.length).toBeGreaterThan(2);
    for (const seq of [500, 501, 1_000]) {
      await run(sql`update audit_records set outcome = 'failed' where org = ${org} and seq = ${seq}`);
    }
    expect(await kinds(org)).toEqual([500, 501, 1_000].map((seq) => ['edited', seq]));
  });

  it('is one chain for two replicas that write at the same time [SP-16]', async () => {
    const org = `chain-${++made}`;
    const durability = 'database' as const;
    const replicas = [
      await world.open({ durability }, { dataDir: world.folder(), replicaId: 'one' }),
      await world.open({ durability }, { dataDir: world.folder(), replicaId: 'two' }),
      await world.open({ durability: 'file' }, { dataDir: world.folder(), replicaId: 'three' }),
    ];
    const ids = await Promise.all(
      replicas.flatMap((replica) => Array.from({ length: 60 }, () => recordCall(replica, { org }))),
    );
    await Promise.all(replicas.map((replica) => replica.flush(20_000)));
    expect(await audit.verify(org)).toMatchObject({ ok: true, checked: ids.length, to: ids.length });
    const { records } = await audit.list(org, {}, undefined, 500);
    expect(new Set(records.map(({ id }) => id))).toEqual(new Set(ids));
    expect(new Set(records.map(({ replica }) => replica))).toEqual(new Set(['one', 'two', 'three']));
  });

  it('takes the same entries any number of times, in any order, and keeps no intent of what is over [SP-16]', async () => {
    const org = `chain-${++made}`;
    const chain = createChain(testKeyring);
    const body = JSON.stringify({
      org,
      id: 'call_1',
      at: Date.now(),
      kind: 'call',
      principal: { id: 'p' },
      outcome: 'ok',
    });
    const record = { type: 'record', org, id: 'call_1', body } as const;
    const intent = { type: 'intent', org, id: 'call_1', saidAt: 1, life: 'gone', home: 'gone', body } as const;
    for (const entries of [[record], [intent], [record, intent, record], [intent, intent]]) {
      await chain.append(world.db, org, entries);
    }
    expect(await chain.append(world.db, org, [])).toBeUndefined();
    expect((await sql`select 1 from audit_intents where org = ${org}`.execute(world.db)).rows).toEqual([]);
    expect(await audit.verify(org)).toMatchObject({ ok: true, checked: 1 });
  });

  it('notices each time that somebody else has added to it, took its head away or recorded the same [SP-16]', async () => {
    const org = `chain-${++made}`;
    const [one, other] = [createChain(testKeyring), createChain(testKeyring)];
    const record = (id: string, inferred = false) => {
      const end = { outcome: 'ok', ...(inferred ? { closedAt: 1 } : {}) };
      const body = JSON.stringify({ org, id, at: Date.now(), kind: 'call', principal: { id: 'p' }, ...end });
      return { type: 'record', org, id, body } as const;
    };
    for (let round = 0; round < 30; round++) {
      await one.append(world.db, org, [record(`a${round}`)]);
      await one.append(world.db, org, [record(`b${round}`), record(`b${round}`)]);
      if (round % 3 === 0) await other.append(world.db, org, [record(`a${round}`), record(`c${round}`)]);
    }
    await one.append(world.db, org, [record('d', true)]);
    await one.append(world.db, org, [record('d', true)]);
    await one.append(world.db, org, [record('d')]);
    expect(await audit.verify(org)).toMatchObject({ ok: true, checked: 30 + 30 + 10 + 2 });
    await world.db.transaction().execute((trx) => audit.purge(trx, org));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await one.append(world.db, org, [record('after')]);
    expect(await audit.verify(org)).toMatchObject({ ok: true, checked: 1, from: 1, to: 1 });
  });

  it('can be verified while records are added [SP-16]', async () => {
    const org = await chainOf(50);
    const adding = Promise.all(Array.from({ length: 200 }, () => recordCall(audit, { org })));
    for (let round = 0; round < 5; round++) expect((await audit.verify(org)).ok).toBe(true);
    await adding;
    expect((await audit.verify(org)).ok).toBe(true);
  });

  describe('after the retention', () => {
    const retaining = () => world.open({ retentionDays: 30 }, { dataDir: world.folder() });
    const old = (days: number) => Date.now() - days * dayMs;

    it('begins at a signed checkpoint and is whole [SP-16]', async () => {
      const org = await chainOf(25, (index) => old(index < 20 ? 40 : 1));
      const keeper = await retaining();
      expect(await keeper.retain()).toBe(20);
      expect(await keeper.retain()).toBe(0);
      const head = { seq: 25, hash: expect.any(String) };
      expect(await audit.verify(org)).toEqual({ org, ok: true, checked: 5, from: 21, to: 25, faults: [], head });
      expect((await audit.list(org)).records).toHaveLength(5);
      await recordCall(audit, { org });
      expect(await audit.verify(org)).toMatchObject({ ok: true, checked: 6, from: 21, to: 26 });
    });

    it('may have nothing left, and goes on from there [SP-16]', async () => {
      const org = await chainOf(3, () => old(40));
      await (await retaining()).retain();
      const head = { seq: 3, hash: expect.any(String) };
      expect(await audit.verify(org)).toEqual({ org, ok: true, checked: 0, from: 0, to: 0, faults: [], head });
      await recordCall(audit, { org });
      expect(await audit.verify(org)).toMatchObject({ ok: true, checked: 1, from: 4, to: 4 });
    });

    it('keeps what came late behind something younger, until that is old too [SP-16]', async () => {
      const org = await chainOf(3, (index) => old([40, 1, 40][index] ?? 0));
      expect(await (await retaining()).retain()).toBe(1);
      expect(await audit.verify(org)).toMatchObject({ ok: true, checked: 2, from: 2 });
    });

    it('shows a checkpoint that somebody else wrote, and records deleted without one [SP-16]', async () => {
      const org = await chainOf(10, (index) => old(index < 5 ? 40 : 1));
      await (await retaining()).retain();
      await run(sql`delete from audit_records where org = ${org} and seq <= 7`);
      expect(await kinds(org)).toEqual([['gap', 8]]);
      await run(sql`update audit_checkpoints set seq = 7, hash = (
        select hash from audit_records where org = ${org} and seq = 8) where org = ${org}`);
      expect((await kinds(org))[0]).toEqual(['checkpoint', 7]);
    });

    it('keeps everything for ever without a retention [SP-16]', async () => {
      const org = await chainOf(2, () => old(4_000));
      expect(await audit.retain()).toBe(0);
      expect((await audit.verify(org)).checked).toBe(2);
    });

    it('goes on at the checkpoint when what was to be read next is deleted meanwhile [SP-16]', async () => {
      const org = `chain-${++made}`;
      await Promise.all(Array.from({ length: 900 }, () => recordCall(audit, { org })));
      await audit.flush(20_000);
      const { rows } = await sql<{ hash: string }>`
        select hash from audit_records where org = ${org} and seq = 800`.execute(world.db);
      const mark = createChain(testKeyring).sign(org, { seq: 800, hash: rows[0]?.hash ?? '', at: Date.now() });
      let deleting: Promise<unknown> | undefined;
      const onProgress = () => {
        deleting ??= run(sql`with gone as (delete from audit_records where org = ${org} and seq <= 800)
          insert into audit_checkpoints (org, seq, hash, at, signature)
          values (${org}, 800, ${mark.hash}, ${new Date(mark.at)}, ${mark.signature})`);
      };
      const verified = await audit.verify(org, { onProgress });
      await deleting;
      expect(verified).toMatchObject({ ok: true, to: 900 });
      expect(await audit.verify(org)).toMatchObject({ ok: true, checked: 100, from: 801, to: 900 });
    });

    it('can be verified while it deletes [SP-16]', async () => {
      const org = `chain-${++made}`;
      const at = old(40);
      await Promise.all(Array.from({ length: 1_500 }, () => recordCall(audit, { org, at })));
      await recordCall(audit, callRecord({ org }));
      await audit.flush(20_000);
      const keeper = await retaining();
      const [verified] = await Promise.all([audit.verify(org), keeper.retain()]);
      expect(verified.faults).toEqual([]);
      expect(await audit.verify(org)).toMatchObject({ ok: true, checked: 1 });
    });
  });
});
