import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditWorld, openAuditWorld } from '../../../test/audit.ts';
import { callIntent, callRecord } from '../../../test/audit-calls.ts';
import { databaseKinds, silentLog } from '../../../test/database.ts';
import { createActs } from './acts.ts';
import { AuditQueueFull } from './errors.ts';
import type { Audit, AuditRecord, CallRecord } from './types.ts';

const limits = { gapQuietMs: 200 };
const readOnly = { readOnly: true, destructive: false, idempotent: true, openWorld: false };

describe.each(databaseKinds)('with whenFull: drop, on %s', (kind) => {
  let world: AuditWorld;
  let audit: Audit;

  beforeEach(async () => {
    world = await openAuditWorld(kind);
    audit = await world.open({ whenFull: 'drop', queueSize: 1 }, { limits });
  });
  afterEach(() => world.stop());

  /** One call the way that the pipeline goes. */
  const call = async (parts: Partial<CallRecord> = {}) => {
    const record = callRecord(parts);
    const place = audit.reserve({ mayDrop: true });
    await audit.intend(place, callIntent({ id: record.id, org: record.org }));
    await audit.record(place, record);
    return record.id;
  };

  const gapsOf = async (org = 'default') => {
    const acts = (await audit.list(org, { kind: 'act' })).records;
    return acts.filter((each): each is AuditRecord & { kind: 'act' } => each.kind === 'act');
  };

  it('calls go on while the queue is full, and the chain tells how many are missing, from when to when [CA-12]', async () => {
    const last = audit.reserve();
    const from = Date.now();
    await call();
    await call({ annotations: readOnly });
    await call({ outcome: 'denied' });
    expect(audit.stats()).toMatchObject({ dropped: 3, gaps: [{ org: 'default', records: 3 }] });
    const to = Date.now();
    last.release();
    const kept = await call();
    await expect.poll(() => audit.stats().gaps, { timeout: 10_000 }).toEqual([]);

    const gaps = await gapsOf();
    expect(gaps).toMatchObject([
      {
        action: 'audit.drop',
        outcome: 'failed',
        errorCode: AuditQueueFull.code,
        principal: { id: 'system' },
        detail: { records: 3, mayHaveChanged: 1 },
      },
    ]);
    const detail = gaps[0]?.detail as { from: string; to: string };
    expect(Date.parse(detail.from)).toBeGreaterThanOrEqual(from - 5);
    expect(Date.parse(detail.to)).toBeGreaterThanOrEqual(Date.parse(detail.from));
    expect(Date.parse(detail.to)).toBeLessThanOrEqual(to);
    expect((await audit.list('default', { kind: 'call' })).records.map(({ id }) => id)).toEqual([kept]);
    expect(await audit.verify('default')).toMatchObject({ ok: true, checked: 2, dropped: { records: 3, gaps: 1 } });
    expect((await sql`select 1 from audit_intents`.execute(world.db)).rows).toEqual([]);
  });

  it('tells each organisation of its own gap only [CA-12] [SP-14]', async () => {
    const last = audit.reserve();
    await call({ org: 'one' });
    await call({ org: 'two' });
    await call({ org: 'two' });
    last.release();
    await expect.poll(() => audit.stats().gaps, { timeout: 10_000 }).toEqual([]);
    expect(await gapsOf('one')).toMatchObject([{ detail: { records: 1 } }]);
    expect(await gapsOf('two')).toMatchObject([{ detail: { records: 2 } }]);
    expect(await gapsOf('default')).toEqual([]);
  });

  it('keeps the record of a call for which there is room again when it ends [CA-12]', async () => {
    const last = audit.reserve();
    const record = callRecord();
    const place = audit.reserve({ mayDrop: true });
    await audit.intend(place, callIntent({ id: record.id }));
    last.release();
    await audit.record(place, record);
    expect(audit.stats()).toMatchObject({ queued: 0, dropped: 0, gaps: [] });
    expect(await audit.get('default', record.id)).toMatchObject({ outcome: 'ok' });
    await expect(audit.record(place, record)).rejects.toThrow(/used or released/);
    const again = audit.reserve({ mayDrop: true });
    again.release();
    await expect(audit.intend(again, callIntent())).rejects.toThrow(/used or released/);
  });

  it('lets no answer to a question wait for a record that will not be kept [CA-12]', async () => {
    const last = audit.reserve();
    const place = audit.reserve({ mayDrop: true });
    const asked = audit.ask(place, { method: 'elicitation/create', params: { message: 'Sure?' } });
    await asked.answered(callIntent(), { action: 'accept', content: {} });
    await audit.record(place, callRecord());
    expect(audit.stats().dropped).toBe(1);
    last.release();
  });

  it('refuses administrative acts as ever [CA-12]', async () => {
    const last = audit.reserve();
    const acts = createActs({ audit, clock: { now: Date.now }, log: silentLog });
    const notes = {
      org: 'default',
      principal: callIntent().principal,
      action: 'keys.create',
      subject: 'k',
      detail: {},
    };
    let done = false;
    const performed = acts.perform(notes, async () => {
      done = true;
    });
    await expect(performed).rejects.toSatisfy(AuditQueueFull.is);
    expect(done).toBe(false);
    expect(audit.stats().dropped).toBe(0);
    last.release();
  });

  it('puts a gap on record when the server stops in the middle of it [CA-12]', async () => {
    audit.reserve();
    await call();
    await audit.stop();
    const next = await world.open({}, { limits });
    expect((await next.list('default', { kind: 'act' })).records).toMatchObject([{ detail: { records: 1 } }]);
    expect((await next.verify('default')).dropped).toEqual({ records: 1, gaps: 1 });
  });

  it('leaves a trace of a gap that a crash cut, too [CA-12]', async () => {
    audit.reserve();
    await call();
    // No call waits for it.
    const begun = async () => (await sql`select 1 from audit_intents`.execute(world.db)).rows.length;
    await expect.poll(begun, { timeout: 10_000 }).toBe(1);
    const next = await world.open({}, { dataDir: world.folder(), replicaId: 'next' });
    // As far as the next life can see, this one is gone without a word.
    await sql`update audit_lives set seen_at = now() - interval '2 minutes' where replica = 'replica_test'`.execute(
      world.db,
    );
    expect(await next.closeAbandoned()).toBe(1);
    expect((await next.list('default', { kind: 'act' })).records).toMatchObject([
      { action: 'audit.drop', outcomeUnknown: true, detail: { from: expect.any(String) } },
    ]);
    expect((await next.verify('default')).dropped).toEqual({ records: 0, gaps: 1 });
  });
});

it('refuses calls when the queue is full, unless told otherwise [CA-12]', async () => {
  const world = await openAuditWorld();
  const audit = await world.open({ queueSize: 1 });
  const last = audit.reserve({ mayDrop: true });
  expect(() => audit.reserve({ mayDrop: true })).toThrow(expect.objectContaining({ code: AuditQueueFull.code }));
  last.release();
  await world.stop();
});
