import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, openTestDatabase, silentLog, type TestDatabase } from '../../../test/database.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { createKeyring, createRotation, keyringMigrations } from '../../platform/keyring/index.ts';
import { keptAnswers } from './holding.ts';
import { createIdempotency, type GuardedRequest, type Idempotency, type IdempotencyLimits } from './idempotency.ts';
import { idempotencyMigrations } from './migrations.ts';
import { purgeIdempotency, sweepKeys } from './store.ts';

const secretText = 'a secret of the test, thirty-two bytes or more';
const keyring = createKeyring(secretText);
const day = 24 * 60 * 60_000;
const answer = { callId: 'call_1', outcome: 'ok' as const, result: { content: [] } };
const request = (more: Partial<GuardedRequest> = {}): GuardedRequest => ({
  org: 'default',
  principal: 'key:1',
  key: 'k',
  content: { target: 'a.b', arguments: { n: 1 } },
  callId: 'call_1',
  ...more,
});

describe.each(databaseKinds)('idempotency keys on %s', (kind) => {
  let database: TestDatabase;
  let now = Date.now();
  const opened: Idempotency[] = [];
  const open = (limits: Partial<IdempotencyLimits> = {}, under = keyring) => {
    const one = createIdempotency({
      db: database.db,
      keyring: under,
      clock: { now: () => now },
      log: silentLog,
      limits,
    });
    opened.push(one);
    one.start();
    return one;
  };
  const taken = async (idempotency: Idempotency, more: Partial<GuardedRequest> = {}) => {
    const begun = await idempotency.begin(request(more));
    if (begun.kind !== 'run') throw new Error(`the key was not free: ${begun.kind}`);
    return begun.run;
  };
  const rows = async () => (await database.database.pool.query('select * from idempotency_keys order by key')).rows;

  beforeAll(async () => {
    database = await openTestDatabase([...keyringMigrations, ...idempotencyMigrations], { kind });
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.stop();
    await database.database.pool.query('delete from idempotency_keys');
  });
  afterAll(() => database.stop());

  it('give the answer of the first request to whoever repeats it, for 24 hours [SP-12]', async () => {
    const idempotency = open();
    await (await taken(idempotency)).finish(answer);
    expect(await idempotency.begin(request({ callId: 'call_2' }))).toEqual({
      kind: 'replay',
      end: answer,
    });
    now += day;
    expect(await idempotency.begin(request({ callId: 'call_2' }))).toMatchObject({ kind: 'run' });
  });

  it('say that an answer is gone which cannot be given back, and count only the first end of a run [SP-12]', async () => {
    const idempotency = open();
    const run = await taken(idempotency);
    let deep: JsonObject = {};
    for (let depth = 0; depth < 300; depth++) deep = { deep };
    await run.finish({ ...answer, result: { content: [], structuredContent: deep } });
    await run.release(); // what has ended stays so
    await expect(idempotency.begin(request())).rejects.toMatchObject({ code: 'IDEMPOTENCY_ANSWER_GONE' });
  });

  it('are taken by one of many who come at once [SP-12]', async () => {
    const replicas = [open(), open(), open()];
    const all = await Promise.allSettled(
      Array.from({ length: 12 }, (_, n) => replicas[n % 3]?.begin(request({ callId: `call_${n}` }))),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of all) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    }
  });

  it('refuse another request under the same key, also while the first one runs [SP-12]', async () => {
    const idempotency = open();
    const run = await taken(idempotency);
    const other = request({ content: { target: 'a.b', arguments: { n: 2 } } });
    await expect(idempotency.begin(other)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await run.finish(answer);
    await expect(idempotency.begin(other)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('know the same request by its content, in whatever order its members stand', async () => {
    const idempotency = open();
    await (await taken(idempotency, { content: { a: 1, b: 2 } })).finish(answer);
    expect(await idempotency.begin(request({ content: { b: 2, a: 1 } }))).toMatchObject({ kind: 'replay' });
  });

  it('belong to one principal of one organisation [SP-14]', async () => {
    const idempotency = open();
    await (await taken(idempotency)).finish(answer);
    expect(await idempotency.begin(request({ org: 'other' }))).toMatchObject({ kind: 'run' });
    expect(await idempotency.begin(request({ principal: 'key:2' }))).toMatchObject({ kind: 'run' });
    await purgeIdempotency(database.db, 'other');
    expect((await rows()).map(({ org, principal }) => `${org} ${principal}`).sort()).toEqual([
      'default key:1',
      'default key:2',
    ]);
  });

  it('are free again when nothing had run', async () => {
    const idempotency = open();
    await (await taken(idempotency)).release();
    await taken(idempotency, { content: { another: 'request' } });
  });

  it('say that the outcome is unknown once a server has died over it, and never run it again [SP-12]', async () => {
    await taken(open()); // and nothing more is ever heard of it
    const survivor = open();
    now += 29_000;
    await expect(survivor.begin(request())).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    now += 2_000;
    expect(await survivor.begin(request({ callId: 'call_2' }))).toMatchObject({
      kind: 'unknown',
      callId: 'call_1',
      error: { code: 'IDEMPOTENCY_OUTCOME_UNKNOWN' },
    });
  });

  it('stay with a server that works on a request for longer than its lease', async () => {
    const worker = open({ leaseMs: 60, renewMs: 10 });
    const run = await taken(worker);
    now += 1_000;
    const renewed = async () => Number((await rows())[0].lease_until) > now;
    while (!(await renewed())) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(open().begin(request())).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    await run.finish(answer);
  });

  it('keep arguments and answers unreadable in the database', async () => {
    const idempotency = open();
    const content = { password: 'hunter2' };
    await (await taken(idempotency, { content })).finish({ ...answer, result: { secret: 'a very secret answer' } });
    expect(JSON.stringify(await rows())).not.toMatch(/hunter2|secret answer/);
    expect(await idempotency.begin(request({ content }))).toMatchObject({
      end: { result: { secret: 'a very secret answer' } },
    });
  });

  it.each([
    ['is too large', { text: 'x'.repeat(500) }],
    ['names what no foreign JSON may name', JSON.parse('{"__proto__": {"admin": true}}')],
  ])('remember that a request ran whose answer %s', async (_, result) => {
    const idempotency = open({ maxAnswer: 500 });
    await (await taken(idempotency)).finish({ ...answer, result });
    await expect(idempotency.begin(request())).rejects.toMatchObject({
      code: 'IDEMPOTENCY_ANSWER_GONE',
      message: expect.stringContaining('call_1'),
    });
  });

  it('take bounded room for each organisation: answers go first, the oldest first', async () => {
    const idempotency = open();
    for (const key of ['a', 'b', 'c', 'd']) {
      now += 1;
      await (await taken(idempotency, { key })).finish(answer);
      await (await taken(idempotency, { key, org: 'other' })).finish(answer);
    }
    const length = (await rows())[0].answer.length;
    await sweepKeys(database.db, now, { maxKeys: 3, maxAnswers: 2 * length });
    const kept = (await rows()).map(
      ({ org, key, answer: text }) => `${org} ${key} ${text === null ? 'bare' : 'whole'}`,
    );
    const expected = ['b bare', 'c whole', 'd whole'];
    expect(kept.sort()).toEqual([
      ...expected.map((each) => `default ${each}`),
      ...expected.map((each) => `other ${each}`),
    ]);
  });

  it('are told again after the secret was changed and the one before was taken away [AC-4]', async () => {
    const later = 'a later secret of the test, thirty-two bytes or more';
    await (await taken(open())).finish(answer);
    await (await taken(open(), { key: 'stranger' })).finish(answer);
    await database.database.pool.query(
      "update idempotency_keys set answer = 'sealed by nobody here' where key = 'stranger'",
    );
    const turn = async (secret: string, others: string[] = []) => {
      const turned = createKeyring(secret, others);
      const rotation = createRotation({
        db: database.db,
        keyring: turned,
        log: silentLog,
        sealed: [keptAnswers(database.db)],
        signed: [],
      });
      await rotation.prepare();
      rotation.start();
      await expect.poll(() => rotation.status().state).toMatch(/^(done|idle)$/);
      await rotation.stop();
      return { status: rotation.status(), idempotency: open({}, turned) };
    };
    const both = await turn(later, [secretText]);
    expect(both.status).toMatchObject({ renewed: 1, lost: 1 });
    expect(await both.idempotency.begin(request())).toEqual({ kind: 'replay', end: answer });
    const after = await turn(later);
    expect(await after.idempotency.begin(request())).toEqual({ kind: 'replay', end: answer });
    // What is new is sealed as it should be: nothing is left to do.
    await (await taken(after.idempotency, { key: 'new' })).finish(answer);
    expect((await turn(later, [secretText])).status).toMatchObject({ renewed: 0, lost: 1 });
  });

  it('refuse to run what they cannot look up', async () => {
    const idempotency = open();
    await database.database.pool.query('alter table idempotency_keys rename to hidden');
    try {
      await expect(idempotency.begin(request())).rejects.toMatchObject({ code: 'IDEMPOTENCY_UNAVAILABLE' });
    } finally {
      await database.database.pool.query('alter table hidden rename to idempotency_keys');
    }
  });
});
