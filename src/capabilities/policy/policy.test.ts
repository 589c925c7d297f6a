import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPolicyWorld, type PolicyWorld, testPrincipal, testTool } from '../../../test/policy.ts';
import type { Annotations, Tool } from '../../kernel/tool.ts';
import { PolicySettingsFault } from './errors.ts';

let world: PolicyWorld;
beforeAll(async () => {
  world = await openPolicyWorld();
});
afterEach(() => world.reset());
afterAll(() => world.stop());

const freeze = '@id("freeze") forbid (principal, action, resource) unless { resource.readOnly };';

describe('the shipped roles', () => {
  const flags = ['readOnly', 'destructive', 'idempotent', 'openWorld'] as const;
  const combinations = Array.from({ length: 16 }, (_, bits) =>
    Object.fromEntries(flags.map((flag, index) => [flag, (bits >> index) % 2 === 1])),
  ) as unknown as Annotations[];
  const table: [roles: string[], mayCall: (annotations: Annotations) => boolean][] = [
    [['viewer'], ({ readOnly }) => readOnly],
    [['developer'], ({ readOnly, destructive }) => readOnly || !destructive],
    [['operator'], () => true],
    [['admin'], () => true],
    [['viewer', 'developer'], ({ readOnly, destructive }) => readOnly || !destructive],
    [['Viewer'], () => false],
    [['made-up'], () => false],
    [[], () => false],
  ];

  it('decide by annotations, for all their combinations and both actions, and a listing agrees [SP-15]', async () => {
    const policy = await world.start();
    for (const [roles, mayCall] of table) {
      for (const annotations of combinations) {
        for (const id of ['disk.wipe', 'disk.@read', 'disk.@prompt', 'disk.@complete']) {
          const [who, what] = [testPrincipal({ roles }), testTool(id, {}, annotations)];
          const { allowed, unattended, rules, errors } = policy.decide(who, what, {}, { surface: 'mcp' });
          const expected = mayCall(annotations);
          expect([roles, annotations, allowed, unattended]).toEqual([roles, annotations, expected, expected]);
          expect(errors).toBeUndefined();
          if (expected) expect(rules).toContain(`shipped:${roles.at(-1)}`);
          else expect(rules).toEqual(['no policy permits it']);
          expect(policy.visible(who, [what])).toEqual(expected ? [what] : []);
        }
      }
    }
  });

  it('can be turned off, which leaves nobody anything and the boundary between organisations in place [SP-15]', async () => {
    const folder = world.folder({ 'all.cedar': 'permit (principal, action, resource);' });
    const none = await world.start({ shipped: false });
    expect(none.decide(testPrincipal({ roles: ['admin'] }), testTool('a.b'), {}).allowed).toBe(false);
    const open = await world.start({ shipped: false, folder });
    expect(open.decide(testPrincipal({ roles: [] }), testTool('a.b'), {})).toMatchObject({
      allowed: true,
      rules: ['all.cedar#1'],
    });
    expect(open.decide(testPrincipal(), testTool('a.b', { org: 'other' }), {})).toMatchObject({
      allowed: false,
      unattended: false,
      rules: ['shipped:own-organisation'],
    });
    expect(open.visible(testPrincipal(), [testTool('a.b', { org: 'other' })])).toEqual([]);
  });
});

describe('a decision', () => {
  it('carries what it saw: environment, origin, projected arguments and the version of the rules [SP-15] [SP-16]', async () => {
    const projections = { 'shop.buy': { price: '/price', count: 'long:/count', note: '/note', labels: 'set:/labels' } };
    const policy = await world.start({ environment: 'prod', projections });
    const args = { price: 9.5, count: 2, labels: ['a', 'b'], note: null, secret: 'unseen', long: 'x' };
    const origin = { endpoint: 'team', surface: 'rest', clientAddress: '::ffff:10.1.2.3' };
    expect(policy.decide(testPrincipal(), testTool('shop.buy'), args, origin)).toEqual({
      allowed: true,
      unattended: true,
      rules: ['shipped:operator'],
      policyVersion: policy.status().version,
      context: {
        environment: 'prod',
        endpoint: 'team',
        surface: 'rest',
        clientAddress: '10.1.2.3',
        arguments: { price: '9.5', count: 2, labels: ['a', 'b'] },
        cutArguments: [],
      },
      projected: ['price', 'count', 'note', 'labels'],
    });
    expect(policy.status().version).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('follows policies about projected arguments, environment, endpoint and address [SP-15]', async () => {
    const folder = world.folder({
      'limits.cedar': `
        @id("dear") forbid (principal, action == Action::"callUnattended", resource)
        when { context.arguments has count && context.arguments.count > 10 };
        @id("home") forbid (principal, action, resource in Toolset::"shop")
        when { context has clientAddress && !context.clientAddress.isInRange(ip("10.0.0.0/8")) };
        @id("prod") forbid (principal, action, resource)
        when { context.environment == "prod" && resource.tags.contains("test") };
        @id("uses") forbid (principal, action, resource)
        when { ["read", "prompt", "complete"].contains(resource.operation) };`,
    });
    const policy = await world.start({
      environment: 'prod',
      folder,
      projections: { 'shop.buy': { count: 'long:/count' } },
    });
    const buy = testTool('shop.buy');
    expect(policy.decide(testPrincipal(), buy, { count: 10 })).toMatchObject({ allowed: true, unattended: true });
    expect(policy.decide(testPrincipal(), buy, { count: 11 })).toMatchObject({
      allowed: true,
      unattended: false,
      rules: ['limits.cedar:dear', 'shipped:operator'],
    });
    expect(policy.decide(testPrincipal(), buy, {}, { clientAddress: '10.0.0.9' }).allowed).toBe(true);
    expect(policy.decide(testPrincipal(), buy, {}, { clientAddress: 'fe80::1%eth0' }).rules).toEqual([
      'limits.cedar:home',
    ]);
    expect(policy.decide(testPrincipal(), testTool('a.b', { tags: ['test'] }), {}).rules).toEqual([
      'limits.cedar:prod',
    ]);
  });

  it('is no when an argument or an address is not what it should be [SP-15]', async () => {
    const policy = await world.start({ projections: { 'shop.buy': { count: 'long:/count' } } });
    const refused = { allowed: false, unattended: false, rules: ['a policy could not be evaluated'] };
    expect(policy.decide(testPrincipal(), testTool('shop.buy'), { count: 1.5 })).toMatchObject({
      ...refused,
      errors: ['argument "count" cannot be read as long'],
      context: { arguments: {} },
    });
    expect(policy.decide(testPrincipal(), testTool('shop.buy'), {}, { clientAddress: 'nowhere' })).toMatchObject(
      refused,
    );
    expect(policy.visible(testPrincipal(), [testTool('shop.buy')], { clientAddress: 'nowhere' })).toEqual([]);
  });

  it('is no, and not an exception, when what comes in is broken [SP-15]', async () => {
    const policy = await world.start();
    const broken = { ...testTool('a.b'), tags: undefined } as unknown as Tool;
    expect(policy.decide(testPrincipal(), broken, {})).toMatchObject({
      allowed: false,
      unattended: false,
      rules: ['the decision failed'],
      errors: ['the decision failed'],
    });
  });

  it('is no before the policies are loaded [SP-15]', async () => {
    const policy = world.create();
    expect(policy.decide(testPrincipal(), testTool('a.b'), {})).toMatchObject({
      allowed: false,
      errors: ['the policies are not loaded yet'],
      policyVersion: 'none',
    });
    expect(policy.visible(testPrincipal(), [testTool('a.b')])).toEqual([]);
    await policy.stop();
  });
});

describe('the folder', () => {
  it('stops the start with every fault of its files, by file and line [SP-15]', async () => {
    const folder = world.folder({
      'a.cedar': '// nothing but a comment',
      'b.cedar': '\uFEFFpermit (principal, action, resource);\n\npermit (principal,',
      'c.cedar': 'permit (principal, action, resource) when { resource.colour == "red" };',
      'notes.txt': 'not Cedar',
    });
    const start = world.start({ folder });
    await expect(start).rejects.toBeInstanceOf(PolicySettingsFault);
    await expect(start).rejects.toMatchObject({
      faults: [
        expect.stringContaining(`${join(folder, 'b.cedar')}: line 3, column 19: unexpected end of input`),
        expect.stringContaining(`${join(folder, 'c.cedar')}: line 1, column 45: attribute \`colour\``),
      ],
    });
  });

  it('stops the start when it, or a file in it, cannot be read [SP-15]', async () => {
    await expect(world.start({ folder: '/no/such/folder' })).rejects.toThrow(
      'policies.folder: /no/such/folder cannot be read (ENOENT)',
    );
    const folder = world.folder({});
    mkdirSync(join(folder, 'd.cedar'));
    await expect(world.start({ folder })).rejects.toThrow(`${join(folder, 'd.cedar')}: cannot be read (EISDIR)`);
  });

  it('is read again when told, keeping the last good rules while a file is broken [SP-15]', async () => {
    const folder = world.folder({});
    const policy = await world.start({ folder });
    const allowed = () => policy.decide(testPrincipal(), testTool('a.b'), {}).allowed;
    let changes = 0;
    const stopListening = policy.onChange(() => changes++);
    const before = policy.status().version;
    expect(allowed()).toBe(true);

    writeFileSync(join(folder, 'freeze.cedar'), freeze);
    expect(await policy.reload()).toEqual([]);
    expect(allowed()).toBe(false);
    expect(policy.status().version).not.toBe(before);
    expect(changes).toBe(1);

    writeFileSync(join(folder, 'freeze.cedar'), freeze.replace('readOnly', 'readonly'));
    const faults = await policy.reload();
    expect(faults).toEqual([expect.stringContaining(`${join(folder, 'freeze.cedar')}: line 1, column`)]);
    expect(policy.status().faults).toEqual(faults);
    expect(allowed()).toBe(false);
    expect(changes).toBe(1);

    stopListening();
    writeFileSync(join(folder, 'freeze.cedar'), '');
    expect(await policy.reload({ environment: 'prod' })).toEqual([]);
    expect(policy.decide(testPrincipal(), testTool('a.b'), {})).toMatchObject({
      allowed: true,
      context: { environment: 'prod' },
    });
    expect(policy.status().faults).toEqual([]);
    expect(changes).toBe(1);
  });
});
