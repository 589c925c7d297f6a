import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../../test/database.ts';
import { openPolicyWorld, type PolicyWorld, testPrincipal, testTool } from '../../../test/policy.ts';
import { digestOf } from '../../kernel/digest.ts';
import type { Bus } from '../../platform/bus/index.ts';
import { migrate } from '../../platform/db/index.ts';
import { PolicyInvalid } from './errors.ts';
import { policyMigrations } from './migrations.ts';
import { listSets, purgePolicies } from './store.ts';

/** Loses every message. */
const deafBus: Bus = { publish: async () => {}, subscribe: () => () => {}, stop: async () => {} };

let world: PolicyWorld;
beforeAll(async () => {
  world = await openPolicyWorld();
});
afterEach(() => world.reset());
afterAll(() => world.stop());

const freeze = '@id("freeze") forbid (principal, action, resource) unless { resource.readOnly };';

describe("an organisation's own policies", () => {
  it('hold for it alone and count at once [SP-15]', async () => {
    const policy = await world.start();
    const open = 'permit (principal, action, resource);';
    await policy.store.save('acme', 'freeze', freeze, 'key:9');
    await policy.store.save('other', 'open', open, 'key:8');
    const other = { org: 'other' };
    expect(policy.decide(testPrincipal(), testTool('a.b'), {})).toMatchObject({
      allowed: false,
      rules: ['freeze:freeze'],
    });
    expect(policy.decide(testPrincipal({ ...other, roles: [] }), testTool('a.b', other), {})).toMatchObject({
      rules: ['open#1'],
      allowed: true,
    });
    expect(policy.decide(testPrincipal({ ...other, roles: [] }), testTool('a.b'), {})).toMatchObject({
      allowed: false,
      rules: ['shipped:own-organisation'],
    });
    expect(policy.decide(testPrincipal({ org: 'third' }), testTool('a.b', { org: 'third' }), {}).allowed).toBe(true);
    expect(await policy.store.list('other')).toMatchObject([
      { name: 'open', version: 1, text: open, savedBy: 'key:8' },
    ]);
    expect(await policy.store.list('third')).toEqual([]);
    await expect(policy.store.get('other', 'freeze')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(policy.store.history('other', 'freeze')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(policy.store.remove('other', 'freeze', 'key:8')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(policy.store.restore('other', 'freeze', 1, 'key:8')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(policy.describe('acme').rules.map((rule) => [rule.origin, rule.name])).toEqual([
      ['shipped', 'shipped:own-organisation'],
      ['shipped', 'shipped:ways-to-tools'],
      ['shipped', 'shipped:viewer'],
      ['shipped', 'shipped:developer'],
      ['shipped', 'shipped:operator'],
      ['shipped', 'shipped:admin'],
      ['database', 'freeze:freeze'],
    ]);
    expect(policy.describe('acme').version).toBe(policy.decide(testPrincipal(), testTool('a.b'), {}).policyVersion);
  });

  it('are kept version by version, removal and restoration included [SP-15]', async () => {
    const policy = await world.start({ clock: { now: () => 1_700_000_000_000 } });
    const { store } = policy;
    const second = freeze.replace('readOnly', 'idempotent');
    expect(await store.save('acme', 'freeze', freeze, 'key:1')).toMatchObject({ version: 1, warnings: [] });
    expect(await store.save('acme', 'freeze', second, 'key:2')).toMatchObject({ version: 2, text: second });
    await store.remove('acme', 'freeze', 'key:3');
    expect(policy.decide(testPrincipal(), testTool('a.b'), {}).allowed).toBe(true);
    expect(policy.status().organisations).toMatchObject([{ org: 'acme', policies: 0, faults: [] }]);
    expect(policy.describe('acme').version).toBe(policy.status().version);
    await expect(store.get('acme', 'freeze')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.remove('acme', 'freeze', 'key:3')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.restore('acme', 'freeze', 3, 'key:4')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await store.restore('acme', 'freeze', 1, 'key:4')).toMatchObject({ version: 4, text: freeze });
    expect(policy.decide(testPrincipal(), testTool('a.b'), {}).allowed).toBe(false);
    expect(await store.get('acme', 'freeze')).toMatchObject({ version: 4, savedAt: 1_700_000_000_000 });
    const history = await store.history('acme', 'freeze');
    expect(history.map(({ version, text, savedBy }) => [version, text, savedBy])).toEqual([
      [4, freeze, 'key:4'],
      [3, null, 'key:3'],
      [2, second, 'key:2'],
      [1, freeze, 'key:1'],
    ]);
    expect(history[0]?.digest).toBe(history[3]?.digest);
  });

  it('are saved only when they are valid, and the ones in force stay as they were [SP-15]', async () => {
    const policy = await world.start();
    await policy.store.save('acme', 'freeze', freeze, 'key:1');
    for (const text of ['', '// no rule', 'permit (', freeze.replace('readOnly', 'readonly')]) {
      const save = policy.store.save('acme', 'freeze', text, 'key:1');
      await expect(save).rejects.toSatisfy(PolicyInvalid.is);
      await expect(save).rejects.toThrow(/The policy "freeze" is not valid: (it holds no rule|line 1, column \d+: )/);
    }
    for (const name of ['', 'Freeze', 'a.cedar', '1a', 'x'.repeat(64)]) {
      await expect(policy.store.save('acme', name, freeze, 'key:1')).rejects.toMatchObject({
        code: 'POLICY_NAME_INVALID',
      });
    }
    expect(await policy.store.list('acme')).toMatchObject([{ name: 'freeze', version: 1 }]);
    expect(policy.check('permit (').faults).toHaveLength(1);
    expect(policy.check(freeze).rules).toHaveLength(1);
  });

  it('are limited in number, versions of the same name apart [SP-15]', async () => {
    const policy = await world.start({ timing: { pollMs: 60_000 } });
    const saves = Array.from({ length: 50 }, (_, n) => policy.store.save('acme', `p${n}`, freeze, 'key:1'));
    await Promise.all(saves);
    await expect(policy.store.save('acme', 'one-more', freeze, 'key:1')).rejects.toMatchObject({
      code: 'TOO_MANY_POLICIES',
    });
    await policy.store.save('acme', 'p7', freeze, 'key:1');
    await policy.store.save('other', 'one-more', freeze, 'key:1');
  });

  it('get one version after another when two replicas save at once [SP-15]', async () => {
    const [here, there] = [await world.start(), await world.start()];
    await Promise.all([here, there, here, there].map(({ store }) => store.save('acme', 'freeze', freeze, 'key:1')));
    expect((await here.store.history('acme', 'freeze')).map((row) => row.version)).toEqual([4, 3, 2, 1]);
  });

  it.each([
    ['told by the bus', {}, 60_000],
    ['by looking, when the bus loses the message', { bus: deafBus }, 50],
  ])('reach every replica within a second, %s [SP-15]', async (_, deps, pollMs) => {
    const [here, there] = [
      await world.start({ ...deps, timing: { pollMs } }),
      await world.start({ ...deps, timing: { pollMs } }),
    ];
    await here.store.save('acme', 'freeze', freeze, 'key:1');
    const waitFor = (allowed: boolean) =>
      expect.poll(() => there.decide(testPrincipal(), testTool('a.b'), {}).allowed, { interval: 10 }).toBe(allowed);
    await waitFor(false);
    await here.store.remove('acme', 'freeze', 'key:1');
    await waitFor(true);
  });

  it('deny their organisation everything when they cannot be read as policies any more [SP-15]', async () => {
    const projections = { 'shop.buy': { count: 'long:/count' } };
    const first = await world.start({ projections });
    const rule =
      'forbid (principal, action, resource) when { context.arguments has count && context.arguments.count > 1 };';
    await first.store.save('acme', 'few', rule, 'key:1');
    expect(await first.reload({ projections: {} })).toEqual([
      expect.stringContaining('policy "few" of acme: line 1, column 1: there is no context.arguments.count'),
    ]);
    expect(first.decide(testPrincipal(), testTool('shop.buy'), { count: 2 }).allowed).toBe(false);
    expect(first.decide(testPrincipal(), testTool('shop.buy'), { count: 1 }).allowed).toBe(true);

    const second = await world.start();
    expect(second.decide(testPrincipal(), testTool('a.b'), {})).toMatchObject({
      allowed: false,
      unattended: false,
      rules: ['a policy of this organisation is not valid'],
    });
    expect(second.visible(testPrincipal(), [testTool('a.b')])).toEqual([]);
    expect(second.describe('acme')).toMatchObject({ rules: [], reason: 'a policy of this organisation is not valid' });
    expect(second.status().organisations).toMatchObject([{ org: 'acme', faults: [expect.stringContaining('"few"')] }]);
    expect(second.decide(testPrincipal({ org: 'b' }), testTool('a.b', { org: 'b' }), {}).allowed).toBe(true);
    await second.store.remove('acme', 'few', 'key:1');
    expect(second.decide(testPrincipal(), testTool('a.b'), {}).allowed).toBe(true);
  });

  it('go with their organisation [SP-14] [SP-15]', async () => {
    const policy = await world.start({ timing: { pollMs: 20 } });
    await policy.store.save('acme', 'freeze', freeze, 'key:1');
    await policy.store.save('other', 'freeze', freeze, 'key:1');
    await purgePolicies(world.db, 'acme');
    await expect.poll(() => policy.decide(testPrincipal(), testTool('a.b'), {}).allowed).toBe(true);
    expect(await policy.store.list('acme')).toEqual([]);
    await expect(policy.store.history('acme', 'freeze')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await policy.store.list('other')).toHaveLength(1);
  });
});

describe('all policies together', () => {
  const permit = 'permit (principal, action, resource) when { resource.readOnly };';

  it('are a version after each change, which decisions name and a roll back puts in force again [CO-8]', async () => {
    const policy = await world.start({ clock: { now: () => 1_700_000_000_000 } });
    const { store } = policy;
    const setOf = () => policy.decide(testPrincipal(), testTool('a.b'), {}).policySet;
    expect(setOf()).toBeUndefined();
    await store.save('acme', 'freeze', freeze, 'key:1');
    await store.save('acme', 'more', permit, 'key:2');
    await store.remove('acme', 'freeze', 'key:3');
    expect(setOf()).toBe(3);
    await store.save('other', 'freeze', freeze, 'key:9');
    const sets = await store.sets('acme');
    expect(sets.map(({ number, change, members, savedBy }) => [number, change, members, savedBy])).toEqual([
      [3, 'remove freeze', { more: 1 }, 'key:3'],
      [2, 'save more', { freeze: 1, more: 1 }, 'key:2'],
      [1, 'save freeze', { freeze: 1 }, 'key:1'],
    ]);
    expect(await store.sets('acme', 3, 1)).toMatchObject([{ number: 2 }]);

    expect(policy.decide(testPrincipal(), testTool('a.b'), {}).allowed).toBe(true);
    expect(await store.rollBack('acme', 1, 'key:4')).toMatchObject({ number: 4, change: 'roll back to 1' });
    expect(policy.decide(testPrincipal(), testTool('a.b'), {})).toMatchObject({ allowed: false, policySet: 4 });
    expect((await store.set('acme', 4)).policies).toMatchObject([{ name: 'freeze', version: 3, text: freeze }]);
    // Equal texts under equal names are one digest, whatever their versions.
    expect((await store.set('acme', 4)).set.digest).toBe((await store.set('acme', 1)).set.digest);
    expect((await store.set('other', 1)).policies).toHaveLength(1);
    await expect(store.rollBack('other', 2, 'key:9')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await purgePolicies(world.db, 'acme');
    expect(await store.sets('acme')).toEqual([]);
    expect(await store.sets('other')).toHaveLength(1);
  });

  it('go back to what does not fit any more only by saying so, and change nothing then [CO-8]', async () => {
    const projections = { 'a.b': { amount: 'long:/amount' } };
    const reads = 'forbid (principal, action, resource) when { context.arguments has amount };';
    const policy = await world.start({ projections });
    await policy.store.save('acme', 'reads', reads, 'key:1');
    await policy.store.save('acme', 'reads', freeze, 'key:1');
    await policy.reload({ projections: {} });
    await expect(policy.store.rollBack('acme', 1, 'key:1')).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    expect(await policy.store.list('acme')).toMatchObject([{ version: 2 }]);
    expect(await policy.store.sets('acme')).toHaveLength(2);
  });

  it('are changed by one of those who rehearsed the same, and by nobody once the folder is another [CO-8]', async () => {
    const folder = world.folder({ 'a.cedar': permit });
    const [one, two] = [await world.start({ folder }), await world.start({ folder })];
    const { tag, set } = await one.store.plan('acme', { save: 'freeze', text: freeze });
    expect(set).toBe(0);
    const tries = await Promise.allSettled([
      one.store.save('acme', 'freeze', freeze, 'key:1', tag),
      two.store.save('acme', 'freeze', freeze, 'key:2', tag),
    ]);
    expect(tries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const next = await one.store.plan('acme', { remove: 'freeze' });
    await one.reload({ folder: world.folder({ 'a.cedar': freeze }) });
    await expect(one.store.remove('acme', 'freeze', 'key:1', next.tag)).rejects.toMatchObject({
      code: 'POLICIES_CHANGED',
    });
  });

  it('begin with what was saved before there were versions of them [CO-8]', async () => {
    const [first] = policyMigrations;
    if (!first) throw new Error('there is no migration');
    const { database, db, stop } = await openTestDatabase([first]);
    try {
      const digest = digestOf(freeze);
      for (const [name, version] of [
        ['b-two', 1],
        ['a', 1],
        ['a', 2],
      ])
        await database.pool.query('insert into policy_versions values ($1, $2, $3, $4, $5, $6, to_timestamp($7))', [
          ...['acme', name, version, freeze, digest, `key:${version}`],
          1_700_000_000 + Number(version),
        ]);
      await database.pool.query("insert into policies values ('acme', 'a', 2), ('acme', 'b-two', 1)");
      await migrate(database, policyMigrations);
      expect(await listSets(db, 'acme', 100, 10)).toMatchObject([
        {
          ...{ number: 1, members: { a: 2, 'b-two': 1 }, savedBy: 'key:2', savedAt: 1_700_000_002_000 },
          digest: digestOf([
            ['a', digest],
            ['b-two', digest],
          ]),
        },
      ]);
    } finally {
      await stop();
    }
  });
});

describe('a database that does not answer', () => {
  it('means no for everything from the start on, until it answers [SP-15]', async () => {
    await world.database.pool.query('alter table policy_revisions rename to policy_revisions_hidden');
    const policy = await world.start({ timing: { pollMs: 20 } });
    expect(policy.decide(testPrincipal(), testTool('a.b'), {})).toMatchObject({
      allowed: false,
      rules: ['the policies of this organisation cannot be read'],
      errors: ['the policies of this organisation cannot be read'],
    });
    expect(policy.status().isFresh).toBe(false);
    await world.database.pool.query('alter table policy_revisions_hidden rename to policy_revisions');
    await expect.poll(() => policy.decide(testPrincipal(), testTool('a.b'), {}).allowed).toBe(true);
  });

  it('means no once the policies in memory are too old [SP-15]', async () => {
    const database = await openTestDatabase(policyMigrations);
    let nowMs = 1_000_000;
    const policy = await world.start({
      db: database.db,
      clock: { now: () => nowMs },
      timing: { pollMs: 20, maxStaleMs: 30_000 },
    });
    await database.stop();
    nowMs += 30_000;
    expect(policy.decide(testPrincipal(), testTool('a.b'), {}).allowed).toBe(true);
    nowMs += 1;
    expect(policy.decide(testPrincipal(), testTool('a.b'), {}).allowed).toBe(false);
  });
});

describe('the life of the policies', () => {
  it('starts once and stops quietly, also when it never started or a listener fails [SP-15]', async () => {
    const policy = await world.start();
    await Promise.all([policy.start(), policy.start()]);
    policy.onChange(() => {
      throw new Error('a listener of somebody else');
    });
    await policy.store.save('acme', 'freeze', freeze, 'key:1');
    expect(policy.decide(testPrincipal(), testTool('a.b'), {}).allowed).toBe(false);
    await Promise.all([policy.stop(), policy.stop()]);
  });

  it('saves although nobody else can be told [SP-15]', async () => {
    const bus = { ...deafBus, publish: () => Promise.reject(new Error('the bus is gone')) };
    const policy = await world.start({ bus });
    await policy.store.save('acme', 'freeze', freeze, 'key:1');
    expect(policy.decide(testPrincipal(), testTool('a.b'), {}).allowed).toBe(false);
  });
});
