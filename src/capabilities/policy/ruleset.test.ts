import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { testPrincipal, testTool } from '../../../test/policy.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import { createEngine } from './engine.ts';
import { type Common, loadCommon, vocabularyOf } from './force.ts';
import { createRuleSet, type NamedRule, type RuleSet } from './ruleset.ts';

const projections = {
  'shop.buy': { amount: 'long:/amount', item: '/item', labels: 'set:/labels', gift: 'bool:/gift' },
};
const settings = { shipped: true, environment: 'dev', projections };

let common: Common;
beforeAll(async () => {
  common = await loadCommon(settings, vocabularyOf(settings));
});

/** The shipped rules and more, each asked anew when `memory` is 0. */
function ruleSet(text: string, { memory, shipped = true }: { memory?: number; shipped?: boolean } = {}): RuleSet {
  const { rules, faults } = common.checker.check(text);
  expect(faults).toEqual([]);
  const own = rules.map((rule): NamedRule => ({ ...rule, name: `own${rule.name}`, origin: 'folder' }));
  const schema = common.schema.text;
  const all = [...(shipped ? common.rules : []), ...own];
  return createRuleSet({ engine: common.engine, name: `test ${memory}`, schema, rules: all, memory });
}

function seen(changes: JsonObject = {}): JsonObject {
  return { environment: 'dev', surface: 'mcp', arguments: {}, cutArguments: [], ...changes };
}

const buy = testTool('shop.buy');

describe('consent', () => {
  it('is told apart by any rule that names one action, in its scope or in a condition [SP-15]', () => {
    const asked = (text: string) => ruleSet(text).judge(testPrincipal(), buy, seen());
    expect(asked('forbid (principal, action, resource) when { resource.readOnly };')).toMatchObject({
      unattended: true,
      rules: ['shipped:operator'],
    });
    for (const text of [
      'forbid (principal, action, resource) when { action == Action::"callUnattended" };',
      'forbid (principal, action in Action::"callUnattended", resource);',
      'forbid (principal, action in [Action::"callUnattended"], resource);',
      'forbid (principal, action, resource) unless { action == Action::"call" };',
    ])
      expect(asked(text), text).toMatchObject({
        allowed: true,
        unattended: false,
        rules: ['own#1', 'shipped:operator'],
      });
  });

  it('is needed where a forbid of callUnattended alone applies, which is named first [SP-15]', () => {
    const set = ruleSet(
      '@id("ask") forbid (principal, action == Action::"callUnattended", resource == Tool::"shop.buy");',
    );
    expect(set.judge(testPrincipal(), buy, seen())).toEqual({
      allowed: true,
      unattended: false,
      rules: ['own:ask', 'shipped:operator'],
      errors: [],
    });
    expect(set.judge(testPrincipal(), testTool('shop.sell'), seen())).toMatchObject({
      allowed: true,
      unattended: true,
    });
  });

  it('may be that of the person behind the caller where every rule that says whose it is says so [CO-1]', () => {
    const forbid = 'forbid (principal, action == Action::"callUnattended", resource)';
    const asked = (...texts: string[]) => ruleSet(texts.join('\n')).judge(testPrincipal(), buy, seen()).consent;
    expect(asked(`@consent("confirm") ${forbid};`)).toBe('confirm');
    expect(asked(`@consent("confirm") ${forbid};`, `${forbid};`)).toBe('confirm');
    expect(asked(`@consent("confirm") ${forbid};`, `@consent("approve") ${forbid};`)).toBeUndefined();
    expect(
      asked(`@consent("confirm") ${forbid} when { resource == Tool::"shop.sell" };`, `${forbid};`),
    ).toBeUndefined();
  });

  it('is needed where nothing permits the call without it [SP-15]', () => {
    const set = ruleSet('@id("bots") permit (principal in Role::"bot", action == Action::"call", resource);');
    expect(set.judge(testPrincipal({ roles: ['bot'] }), buy, seen())).toMatchObject({
      allowed: true,
      unattended: false,
      rules: ['no policy permits it without consent', 'own:bots'],
    });
  });

  it('cannot be given for what is not allowed [SP-15]', () => {
    const set = ruleSet('permit (principal, action == Action::"callUnattended", resource);');
    expect(set.judge(testPrincipal({ roles: [] }), buy, seen())).toEqual({
      allowed: false,
      unattended: false,
      rules: ['no policy permits it'],
      errors: [],
    });
  });
});

describe('a rule that cannot be evaluated', () => {
  const overflow = (action: string) =>
    `@id("limit") forbid (principal, action == Action::"${action}", resource)
     when { context.arguments has amount && context.arguments.amount * 9007199254740991 < 0 };`;

  it.each(['call', 'callUnattended'])('denies both when it is about %s [SP-15]', (action) => {
    const set = ruleSet(overflow(action));
    const args = { amount: Number.MAX_SAFE_INTEGER };
    expect(set.judge(testPrincipal(), buy, seen({ arguments: args }))).toEqual({
      allowed: false,
      unattended: false,
      rules: ['a policy could not be evaluated'],
      errors: [expect.stringMatching(/^own:limit: integer overflow/)],
    });
    expect(set.judge(testPrincipal(), buy, seen({ arguments: { amount: 1 } })).allowed).toBe(true);
  });

  it('does not deny for longer than it cannot [SP-15]', () => {
    const set = ruleSet('');
    expect(set.judge(testPrincipal(), buy, seen({ environment: 1.5 })).errors).toHaveLength(1);
    expect(set.filter(testPrincipal(), [buy], seen({ environment: 1.5 }))).toEqual([]);
    expect(set.filter(testPrincipal(), [buy], seen())).toEqual([buy]);
  });
});

describe('a listing', () => {
  it('shows what no rule permits to nobody [SP-15]', () => {
    const tools = [
      testTool('a.read', {}, { readOnly: true }),
      testTool('a.write'),
      testTool('a.drop', {}, { destructive: true }),
    ];
    const set = ruleSet('forbid (principal, action == Action::"call", resource in Toolset::"secret");');
    const shown = (role: string, more: Tool[] = []) =>
      set.filter(testPrincipal({ roles: [role] }), [...tools, ...more], seen()).map((shownTool) => shownTool.name);
    expect(shown('viewer')).toEqual(['read']);
    expect(shown('developer')).toEqual(['read', 'write']);
    expect(shown('admin', [testTool('secret.x'), testTool('a.other', { org: 'other' })])).toEqual([
      'read',
      'write',
      'drop',
    ]);
    expect(shown('nobody')).toEqual([]);
  });

  it('shows what only needs consent [SP-15]', () => {
    const set = ruleSet('forbid (principal, action == Action::"callUnattended", resource);');
    expect(set.filter(testPrincipal(), [buy], seen())).toEqual([buy]);
  });

  it.each<[what: string, rule: string, isShown: boolean]>([
    [
      'a forbid that reads arguments',
      'forbid (principal, action, resource) when { context.arguments has amount };',
      true,
    ],
    [
      'a forbid that looks for cut ones',
      'forbid (principal, action, resource) when { context.cutArguments.isEmpty() };',
      true,
    ],
    ['a forbid that does not', 'forbid (principal, action, resource) when { context.environment == "dev" };', false],
  ])('lets %s hide a tool or not [SP-15]', (_, rule, isShown) => {
    expect(ruleSet(rule).filter(testPrincipal(), [buy], seen())).toEqual(isShown ? [buy] : []);
  });

  it.each<[what: string, conditions: string, isShown: boolean]>([
    ['reads only arguments', 'when { context.arguments has amount && context.arguments.amount < 5 }', true],
    ['is met in what does not', 'when { resource.toolset == "shop" && context.arguments has amount }', true],
    ['is not met in what does not', 'when { context.arguments has amount && resource.toolset == "bank" }', false],
    ['has an exception that reads them', 'unless { context.arguments has amount }', true],
    ['has an exception for want of them', 'unless { !(context.arguments has amount) }', true],
    [
      'has an exception that does not',
      'when { context.arguments has gift } unless { resource.toolset == "shop" }',
      false,
    ],
    ['reads the whole context', 'when { context == context && context.arguments has gift }', true],
  ])('shows a tool by a permit that %s, or not [SP-15]', (_, conditions, isShown) => {
    const set = ruleSet(`permit (principal, action, resource) ${conditions};`, { shipped: false });
    expect(set.filter(testPrincipal(), [buy], seen())).toEqual(isShown ? [buy] : []);
    expect(set.judge(testPrincipal(), buy, seen({ arguments: { item: 'x' } })).allowed).toBe(
      conditions === 'unless { context.arguments has amount }',
    );
  });
});

describe('the memory of decisions', () => {
  it('asks about 500 tools only as often as the rules can tell them apart [SP-15]', () => {
    const { text } = common.schema;
    const engine = createEngine(text);
    let asked = 0;
    const counting = {
      ...engine,
      evaluate: (...question: Parameters<typeof engine.evaluate>) => {
        asked++;
        return engine.evaluate(...question);
      },
    };
    const set = createRuleSet({ engine: counting, name: 'test', schema: text, rules: common.rules });
    const tools = Array.from({ length: 500 }, (_, n) =>
      testTool(`set-${n % 20}.tool${n}`, { tags: [`t${n}`] }, { readOnly: n % 2 === 0, destructive: n % 3 === 0 }),
    );
    expect(set.filter(testPrincipal({ roles: ['developer'] }), tools, seen())).toHaveLength(417);
    expect(asked).toBe(4);
    set.filter(testPrincipal({ id: 'key:2', roles: ['developer', 'unheard-of'] }), tools, seen({ endpoint: 'x' }));
    expect(asked).toBe(4);
  });

  const names = ['shop.buy', 'shop.sell', 'bank.pay', 'bank.@read'];
  const principals = fc.record({
    id: fc.constantFrom('key:1', 'key:2'),
    kind: fc.constantFrom<Principal['kind'][]>('user', 'service', 'agent'),
    org: fc.constantFrom('acme', 'other'),
    roles: fc.subarray(['viewer', 'developer', 'bot', 'unheard-of']),
  });
  const tools = fc.record({
    id: fc.constantFrom(...names),
    org: fc.constantFrom('acme', 'acme', 'other'),
    readOnly: fc.boolean(),
    destructive: fc.boolean(),
    tags: fc.subarray(['pii', 'money']),
    status: fc.constantFrom<Tool['status'][]>('live', 'stale'),
  });
  const contexts = fc.record(
    {
      environment: fc.constantFrom('dev', 'prod'),
      surface: fc.constantFrom('mcp', 'rest'),
      endpoint: fc.constantFrom('a', 'b'),
      clientAddress: fc.constantFrom('10.0.0.1', '2001:db8::1'),
      arguments: fc.record(
        { amount: fc.constantFrom(0, 3, 2_000), item: fc.constantFrom('a', 'b'), gift: fc.boolean() },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['environment', 'surface', 'arguments'] },
  );
  const scopes = {
    principal: fc.constantFrom(
      'principal',
      'principal',
      'principal in Role::"bot"',
      'principal == Principal::"key:1"',
      'principal is Principal in Organisation::"acme"',
    ),
    resource: fc.constantFrom(
      'resource',
      'resource',
      'resource == Tool::"shop.buy"',
      'resource in Toolset::"bank"',
      'resource is Tool',
    ),
    action: fc.constantFrom('action', 'action == Action::"call"', 'action in [Action::"callUnattended"]'),
  };
  const conditions = fc.constantFrom(
    'resource.readOnly',
    '!resource.destructive',
    'resource.tags.contains("pii")',
    'resource.tags.isEmpty()',
    'resource.name like "b*"',
    'resource.toolset == "bank"',
    'resource.operation == "read"',
    'resource.status != "live"',
    'resource.org == Organisation::"other"',
    'resource in [Toolset::"bank", Tool::"shop.sell"]',
    '[Tool::"shop.buy"].contains(resource)',
    'principal.kind == "agent"',
    'principal in Role::"bot"',
    'Principal::"key:2" == principal',
    'principal in [Role::"bot", Role::"viewer"]',
    'principal in resource.org',
    '[principal.kind].contains("user")',
    'context.environment == "prod"',
    'context has endpoint && context.endpoint == "a"',
    'context has clientAddress && context.clientAddress.isInRange(ip("10.0.0.0/8"))',
    'context.arguments has amount && context.arguments.amount > 5',
    'context.arguments has amount && context.arguments.amount * 9007199254740991 > 20000000000000000',
    'context has arguments.gift && context.arguments.gift',
    'context == context',
    '{a: resource}.a.readOnly',
    'if resource.readOnly then principal.kind == "user" else context.surface == "mcp"',
  );
  const expression = fc
    .array(conditions, { minLength: 1, maxLength: 3 })
    .chain((parts) => fc.constantFrom(' && ', ' || ').map((joint) => parts.map((part) => `(${part})`).join(joint)));
  const rules = fc
    .record({
      effect: fc.constantFrom('permit', 'permit', 'forbid'),
      ...scopes,
      kind: fc.constantFrom('when', 'unless'),
      expression,
    })
    .map(
      (rule) =>
        `${rule.effect} (${rule.principal}, ${rule.action}, ${rule.resource}) ${rule.kind} { ${rule.expression} };`,
    );
  const cases = fc.record({
    // A forbid that can never apply is refused: such a text is no case.
    text: fc.array(rules, { minLength: 1, maxLength: 4 }).map((list) => list.join('\n')),
    calls: fc.array(fc.record({ who: principals, what: tools, context: contexts }), { minLength: 12, maxLength: 24 }),
  });

  it('never changes an answer, and nobody may call what is not listed [SP-15]', () => {
    const counts = { allowed: 0, denied: 0, errors: 0, hidden: 0 };
    fc.assert(
      fc.property(cases, ({ text, calls }) => {
        fc.pre(common.checker.check(text).faults.length === 0);
        const remembering = ruleSet(text);
        const forgetful = ruleSet(text, { memory: 0 });
        for (const { who, what, context } of [...calls, ...calls]) {
          const caller = testPrincipal(who);
          const { id, org, tags, status, ...annotations } = what;
          const target = testTool(id, { org, tags, status }, annotations);
          const judgement = remembering.judge(caller, target, seen(context));
          expect(judgement).toEqual(forgetful.judge(caller, target, seen(context)));
          const situation = seen({ ...context, arguments: {} });
          const listed = remembering.filter(caller, [target], situation);
          expect(listed).toEqual(forgetful.filter(caller, [target], situation));
          if (judgement.allowed) expect(listed).toEqual([target]);
          counts[judgement.errors.length > 0 ? 'errors' : judgement.allowed ? 'allowed' : 'denied']++;
          if (listed.length === 0) counts.hidden++;
        }
      }),
      { numRuns: 60, seed: 15 },
    );
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(20);
  });

  const [who, what, situation] = [testPrincipal(), testTool('a.b'), seen()];
  const pairs: [condition: string, other: { who?: Partial<Principal>; what?: Tool; situation?: JsonObject }][] = [
    ['principal == Principal::"key:2"', { who: { id: 'key:2' } }],
    ['principal in Role::"extra"', { who: { roles: ['operator', 'extra'] } }],
    ['principal in Team::"platform"', { who: { teams: ['platform'] } }],
    ['principal in [Team::"on-call", Team::"night"]', { who: { teams: ['on-call'] } }],
    ['{a: principal}.a in Team::"platform"', { who: { teams: ['platform'] } }],
    ['principal.kind == "agent"', { who: { kind: 'agent' } }],
    ['principal.org == Organisation::"other"', { who: { org: 'other' } }],
    ['principal in Organisation::"other"', { who: { org: 'other' } }],
    ['{a: principal}.a.kind == "agent"', { who: { kind: 'agent' } }],
    ['resource == Tool::"a.c"', { what: testTool('a.c') }],
    ['resource in Toolset::"c"', { what: testTool('c.b') }],
    ['resource in Organisation::"other"', { what: testTool('a.b', { org: 'other' }) }],
    ['resource.org == Organisation::"other"', { what: testTool('a.b', { org: 'other' }) }],
    ['resource.toolset == "c"', { what: testTool('c.b') }],
    ['resource.name like "c*"', { what: testTool('a.c') }],
    ['resource.readOnly', { what: testTool('a.b', {}, { readOnly: true }) }],
    ['resource.destructive', { what: testTool('a.b', {}, { destructive: true }) }],
    ['resource.idempotent', { what: testTool('a.b', {}, { idempotent: true }) }],
    ['resource.openWorld', { what: testTool('a.b', {}, { openWorld: true }) }],
    ['resource.tags.contains("x")', { what: testTool('a.b', { tags: ['x'] }) }],
    ['resource.status == "stale"', { what: testTool('a.b', { status: 'stale' }) }],
    ['resource.operation == "read"', { what: testTool('a.@read') }],
    ['{a: resource}.a.readOnly', { what: testTool('a.b', {}, { readOnly: true }) }],
    ['context.environment == "prod"', { situation: seen({ environment: 'prod' }) }],
    ['context.surface == "rest"', { situation: seen({ surface: 'rest' }) }],
    ['context has endpoint', { situation: seen({ endpoint: 'x' }) }],
    ['context has clientAddress', { situation: seen({ clientAddress: '10.0.0.1' }) }],
    ['context.arguments has gift', { situation: seen({ arguments: { gift: true } }) }],
    ['context.cutArguments.contains("item")', { situation: seen({ cutArguments: ['item'] }) }],
    ['{a: context}.a.environment == "prod"', { situation: seen({ environment: 'prod' }) }],
  ];
  it.each(pairs)('tells calls apart that differ only in %s [SP-15]', (condition, other) => {
    const set = ruleSet(`forbid (principal, action, resource) when { ${condition} };`);
    const otherCall = [testPrincipal(other.who), other.what ?? what, other.situation ?? situation] as const;
    const isMarked = ([caller, target, context]: readonly [Principal, Tool, JsonObject]) =>
      set.judge(caller, target, context).rules.includes('own#1');
    expect([isMarked([who, what, situation]), isMarked(otherCall)]).toEqual([false, true]);
    expect([isMarked(otherCall), isMarked([who, what, situation])]).toEqual([true, false]);
  });

  it('stays bounded [SP-15]', () => {
    const set = ruleSet('forbid (principal, action, resource) when { resource.name == "x" };', { memory: 3 });
    const many = Array.from({ length: 10 }, (_, n) => testTool(`a.t${n}`));
    expect(set.filter(testPrincipal(), many, seen())).toEqual(many);
    expect(set.filter(testPrincipal(), many, seen())).toEqual(many);
  });
});
