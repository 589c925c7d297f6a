import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditWorld, openAuditWorld } from '../../../test/audit.ts';
import { callIntent, callRecord, testAuditSettings, testKeyring } from '../../../test/audit-calls.ts';
import { databaseKinds, silentLog } from '../../../test/database.ts';
import type { AuditSettings } from '../../config/schema.ts';
import { NotFound } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import { createActs } from './acts.ts';
import { createAudit } from './audit.ts';
import { AuditUnavailable } from './errors.ts';
import type { ActIntent, Audit, CallIntent } from './types.ts';

const durabilities: NonNullable<AuditSettings['durability']>[] = ['file', 'database'];
const rooms = databaseKinds.flatMap((kind) => durabilities.map((durability) => ({ kind, durability })));

describe.each(rooms)('intents on $kind, durable by $durability', ({ kind, durability }) => {
  let world: AuditWorld;
  let audit: Audit;

  beforeAll(async () => {
    world = await openAuditWorld(kind);
    audit = await world.open({ durability });
  });
  afterAll(() => world.stop());

  const say = async (by: Audit, parts: Partial<CallIntent> = {}) => {
    const intent = callIntent({ arguments: { password: 'hunter2', text: 'hello' }, ...parts });
    const place = by.reserve();
    await by.intend(place, intent);
    return { intent, place };
  };

  const open = async () => {
    await audit.flush(20_000);
    const { rows } = await sql<{ id: string; body: string }>`select id, body from audit_intents`.execute(world.db);
    return rows;
  };

  /** What a process that was killed leaves: it said what it would do, and never says anything again. */
  const crashed = async (dataDir: string, parts: Partial<CallIntent> = {}) => {
    const before = await world.open({ durability }, { dataDir, replicaId: 'before' });
    const { intent } = await say(before, parts);
    await before.stop();
    return intent;
  };

  it('are closed by their record, and hold no secret [SP-16]', async () => {
    const { intent, place } = await say(audit);
    const kept = (await open()).find(({ id }) => id === intent.id);
    expect(kept?.body).toContain('[redacted]');
    expect(kept?.body).not.toContain('hunter2');
    await audit.record(place, callRecord({ ...intent }));
    expect((await open()).map(({ id }) => id)).not.toContain(intent.id);
    expect(await audit.get('default', intent.id)).toMatchObject({ outcome: 'ok' });
  });

  it('are closed at the next start on their data folder, outcome unknown [SP-16]', async () => {
    const dataDir = world.folder();
    const intent = await crashed(dataDir);
    await expect(audit.get('default', intent.id)).rejects.toSatisfy(NotFound.is);
    await world.open({ durability }, { dataDir, replicaId: 'after' });
    expect(await audit.get('default', intent.id)).toMatchObject({
      outcome: 'failed',
      errorCode: 'OUTCOME_UNKNOWN',
      outcomeUnknown: true,
      replica: 'before',
      tool: 'demo.write',
      arguments: { password: '[redacted]', text: 'hello' },
      argumentsDigest: expect.stringMatching(/^hmac-sha256:/),
    });
    expect((await audit.verify('default')).ok).toBe(true);
  });

  it('are closed by another replica when theirs was not seen for long enough [SP-16]', async () => {
    const intent = await crashed(world.folder());
    await sql`insert into audit_lives select distinct life, 'before', now() - interval '50 seconds' from audit_intents
      where id = ${intent.id}`.execute(world.db);
    await audit.closeAbandoned();
    expect((await open()).map(({ id }) => id)).toContain(intent.id);
    await sql`update audit_lives set seen_at = now() - interval '61 seconds' where replica = 'before'`.execute(
      world.db,
    );
    await audit.closeAbandoned();
    expect(await audit.get('default', intent.id)).toMatchObject({ outcome: 'failed', outcomeUnknown: true });
  });

  it('stay open while their server runs, however long the call takes [SP-16]', async () => {
    const other = await world.open({ durability }, { dataDir: world.folder() });
    const mine = await say(audit);
    const theirs = await say(other);
    await other.flush(20_000);
    world.ahead = 3_600_000;
    await Promise.all([audit.closeAbandoned(), other.closeAbandoned()]);
    world.ahead = 0;
    const ids = (await open()).map(({ id }) => id);
    expect(ids).toContain(mine.intent.id);
    expect(ids).toContain(theirs.intent.id);
  });

  it('closed too early leave room for the true end, which is what is shown then [SP-16]', async () => {
    const dataDir = world.folder();
    const intent = await crashed(dataDir);
    await world.open({ durability }, { dataDir });
    await audit.record(audit.reserve(), callRecord({ ...intent }));
    expect(await audit.get('default', intent.id)).toMatchObject({ outcome: 'ok' });
    const { records } = await audit.list('default', { tool: 'demo.write' });
    expect(records.filter(({ id }) => id === intent.id).map(({ outcome }) => outcome)).toEqual(['ok', 'failed']);
    // A second true end is the first one come twice.
    await audit.record(audit.reserve(), callRecord({ ...intent }));
    const again = await audit.list('default', { tool: 'demo.write' });
    expect(again.records.filter(({ id }) => id === intent.id)).toHaveLength(2);
  });

  it('are closed once when all replicas look at the same time [SP-16]', async () => {
    const org = `once-${kind}-${durability}`;
    const dataDir = world.folder();
    const before = await world.open({ durability }, { dataDir });
    for (let index = 0; index < 30; index++) await say(before, { org });
    await before.stop();
    await sql`delete from audit_lives where life in (select life from audit_intents where org = ${org})`.execute(
      world.db,
    );
    const closed = await Promise.all([audit.closeAbandoned(), audit.closeAbandoned(), audit.closeAbandoned()]);
    expect(closed.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(30);
    const { records } = await audit.list(org, {}, undefined, 100);
    expect(records).toHaveLength(30);
    expect((await audit.verify(org)).ok).toBe(true);
  });

  it('can be of an act, which is closed as well when its server was killed in the middle [SP-16]', async () => {
    const dataDir = world.folder();
    const before = await world.open({ durability }, { dataDir, replicaId: 'before' });
    const { principal } = callIntent();
    const org = `act-${kind}-${durability}`;
    const act: ActIntent = {
      id: newId('act'),
      org,
      at: 1,
      kind: 'act',
      principal,
      action: 'keys.create',
      ...keyOf('a'),
    };
    await before.intend(before.reserve(), act);
    await before.stop();
    await world.open({ durability }, { dataDir, replicaId: 'after' });
    const end = { outcome: 'failed', errorCode: 'OUTCOME_UNKNOWN', outcomeUnknown: true, replica: 'before' };
    expect((await audit.list(org, { kind: 'act' })).records).toMatchObject([{ ...act, ...end, detail: { name: 'a' } }]);
    expect((await audit.verify(org)).ok).toBe(true);
  });

  it('of acts are durable before anything is done, also by a short command that starts no audit [SP-16]', async () => {
    const short = createAudit({
      db: world.db,
      kind,
      dataDir: world.folder(),
      keyring: testKeyring,
      clock: { now: Date.now },
      log: silentLog,
      settings: { ...testAuditSettings, maxBodyBytes: 1_000, queueSize: 10, durability: 'database' },
      replicaId: 'command',
    });
    const acts = createActs({ audit: short, clock: { now: Date.now }, log: silentLog });
    const org = `short-${kind}-${durability}`;
    const notes = { action: 'keys.create', principal: callIntent().principal, org, ...keyOf('k') };
    const done = await acts.perform(notes, async (intend) => {
      await intend();
      expect((await open()).map(({ body }) => JSON.parse(body))).toContainEqual(
        expect.objectContaining({ kind: 'act', org, subject: 'k', replica: 'command' }),
      );
      notes.subject = 'key_made';
      return 'made';
    });
    expect(done).toBe('made');
    await short.stop();
    expect((await audit.list(org)).records).toMatchObject([{ kind: 'act', subject: 'key_made', outcome: 'ok' }]);
    expect((await open()).filter(({ body }) => body.includes(org))).toEqual([]);
  });

  it('that cannot be kept keep an act from being done [SP-16]', async () => {
    let done = false;
    const acts = createActs({
      audit: { ...audit, intend: () => Promise.reject(AuditUnavailable()) },
      clock: { now: Date.now },
      log: silentLog,
    });
    const org = `undone-${kind}-${durability}`;
    const run = acts.perform(
      { action: 'orgs.create', principal: callIntent().principal, org, ...keyOf('x') },
      async (intend) => {
        await intend();
        done = true;
      },
    );
    await expect(run).rejects.toSatisfy(AuditUnavailable.is);
    expect(done).toBe(false);
    expect((await audit.list(org)).records).toMatchObject([{ outcome: 'failed', errorCode: 'AUDIT_UNAVAILABLE' }]);
  });
});

const keyOf = (name: string) => ({ subject: name, detail: { name, secret: 'fl_7k2m9q4t8w3x6z1b5d0f' } });
