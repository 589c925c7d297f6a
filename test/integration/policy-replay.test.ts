import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPastDecisions } from '../../src/app/past-decisions.ts';
import { createKeeper } from '../../src/capabilities/audit/keep.ts';
import { readKept } from '../../src/capabilities/audit/kept.ts';
import { wholeArguments } from '../../src/capabilities/audit/read.ts';
import { createRedactor } from '../../src/capabilities/audit/redact.ts';
import type { KeptCall } from '../../src/capabilities/audit/types.ts';
import { createBench } from '../../src/capabilities/policy/candidate.ts';
import { loadCommon, type PolicySettings, vocabularyOf } from '../../src/capabilities/policy/force.ts';
import type { Policy } from '../../src/capabilities/policy/index.ts';
import type { PastDecision } from '../../src/capabilities/policy/past.ts';
import { parseProjections } from '../../src/capabilities/policy/projection.ts';
import { changeOf, replay } from '../../src/capabilities/policy/replay.ts';
import { effectOf } from '../../src/capabilities/policy/ruleset.ts';
import type { CallOrigin } from '../../src/capabilities/policy/situation.ts';
import type { JsonObject } from '../../src/kernel/json.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import type { Tool } from '../../src/kernel/tool.ts';
import { createKeyring } from '../../src/platform/keyring/index.ts';
import { openPolicyWorld, type PolicyWorld, testPrincipal, testTool } from '../policy.ts';

const projections = {
  'shop.buy': {
    amount: 'long:/amount',
    item: '/item',
    labels: 'set:/labels',
    gift: 'bool:/gift',
    password: '/password',
  },
  'files.write': { path: '/path' },
};
const settings = { shipped: true, environment: 'dev', projections };
const org = 'acme';
const limits = { limit: 1_000_000, maxMs: 600_000 };

/** What rules can read, one of each kind, and one that cannot always be evaluated. */
const rules = [
  'forbid (principal, action, resource) when { resource.destructive };',
  'forbid (principal, action, resource == Tool::"shop.buy") unless { context.arguments has amount && context.arguments.amount <= 100 };',
  'forbid (principal, action, resource) when { context.arguments has amount && context.arguments.amount * 3000000000000000000 > 5 };',
  'forbid (principal, action, resource) when { context.arguments has path && context.arguments.path like "/etc/*" };',
  'forbid (principal, action, resource) when { context.arguments has item && context.arguments.item == "bomb" };',
  'forbid (principal, action, resource == Tool::"shop.buy") when { context.arguments has labels && context.arguments.labels.contains("x") };',
  'forbid (principal, action, resource) when { context.arguments has gift && context.arguments.gift };',
  'forbid (principal, action, resource) when { context.arguments has password && context.arguments.password == "hunter2hunter2" };',
  'forbid (principal, action, resource) when { context.cutArguments.contains("path") };',
  'forbid (principal in Team::"blue", action == Action::"callUnattended", resource);',
  'permit (principal in Team::"red", action, resource);',
  'forbid (principal, action, resource) unless { principal.scopes.contains("tools:call") || principal.scopes.contains("*") };',
  'forbid (principal, action == Action::"callUnattended", resource) when { resource.tags.contains("money") };',
  'forbid (principal, action, resource) when { resource.status == "stale" };',
  'permit (principal == Principal::"key:7", action == Action::"call", resource);',
  'forbid (principal, action, resource) when { context has clientAddress && context.clientAddress.isInRange(ip("10.0.0.0/8")) };',
  'forbid (principal, action, resource) when { context has endpoint && context.endpoint == "closed" };',
  'forbid (principal, action, resource) when { context.surface == "rest" };',
  'permit (principal, action, resource in Toolset::"files") when { principal.kind == "agent" };',
];

const keyring = createKeyring('a secret of at least thirty-two characters');
const redactor = createRedactor({ keyring, maxBytes: 16_384, redactKeys: [] });
const keeper = createKeeper({ redactor, replica: 'r', life: 'life', home: () => 'home' });

let world: PolicyWorld;
beforeAll(async () => {
  world = await openPolicyWorld();
});
afterAll(() => world?.stop());

interface Sent {
  principal: Principal;
  tool: Tool;
  args: JsonObject;
  origin: CallOrigin;
}

/** The decision on a call, as the audit keeps and gives it back. */
function recorded(policy: Policy, { principal, tool, args, origin }: Sent): KeptCall {
  const { body } = keeper.record({
    id: 'call_01k00000000000000000000000',
    ...{ org, at: 1_700_000_000_000, kind: 'call', principal, operation: 'tool', outcome: 'ok', durationMs: 1 },
    surface: 'mcp',
    ...{ tool: tool.id, toolDigest: tool.digest, toolStatus: tool.status, toolTags: tool.tags },
    ...{ annotations: tool.annotations, arguments: args, decision: policy.decide(principal, tool, args, origin) },
  });
  return readKept(body) as KeptCall;
}

async function pastOf(...calls: KeptCall[]): Promise<PastDecision[]> {
  const source = createPastDecisions({
    async *calls() {
      yield calls;
    },
    wholeArguments: (call) => wholeArguments(call, redactor.digest),
  });
  const past: PastDecision[] = [];
  for await (const page of source(org, {})) past.push(...page);
  return past;
}

async function setOf(changes: Partial<PolicySettings>, text: string) {
  const all = { ...settings, ...changes };
  const vocabulary = vocabularyOf(all);
  const common = await loadCommon(all, vocabulary);
  return createBench().ruleSet(common, org, 'test', { own: [], folder: [{ name: 'x.cedar', text }] });
}

type Tried = { candidate: Awaited<ReturnType<typeof setOf>>; past: PastDecision[]; with?: typeof projections };
const replayed = ({ candidate, past, with: words = projections }: Tried) =>
  replay(
    {
      async *past() {
        yield past;
      },
      projections: parseProjections(words),
    },
    org,
    { candidate },
    {},
    limits,
    new AbortController().signal,
  );

const subset = (names: string[]) => fc.subarray(names);
const sent: fc.Arbitrary<Sent> = fc
  .record({
    principal: fc.record({
      id: fc.constantFrom('key:7', 'user:8', 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD'),
      kind: fc.constantFrom('user' as const, 'agent' as const, 'service' as const),
      roles: subset(['viewer', 'developer', 'operator']),
      teams: fc.option(subset(['red', 'blue']), { nil: undefined }),
      scopes: subset(['*', 'tools:call']),
    }),
    id: fc.constantFrom('shop.buy', 'files.write', 'files.@read', 'web.get'),
    annotations: fc.record({ readOnly: fc.boolean(), destructive: fc.boolean() }),
    tags: subset(['money', 'risky']),
    status: fc.constantFrom('live' as const, 'stale' as const),
    args: fc.record(
      {
        amount: fc.oneof(fc.integer({ min: -5, max: 200 }), fc.constantFrom(2.5, 'many', '7')),
        item: fc.constantFrom('book', 'bomb', 'Bearer abcdefgh12345678', 3),
        labels: fc.oneof(subset(['x', 'y']), fc.constant('x')),
        gift: fc.constantFrom(true, 'false', 'perhaps'),
        password: fc.constantFrom('hunter2hunter2', ''),
        path: fc.constantFrom('/etc/passwd', '/home', 'p'.repeat(5_000)),
      },
      { requiredKeys: [] },
    ),
    origin: fc.record(
      {
        surface: fc.constantFrom('mcp', 'rest'),
        endpoint: fc.constantFrom('closed', 'open'),
        clientAddress: fc.constantFrom('10.1.2.3', '::ffff:10.1.2.3', '192.0.2.1', 'nowhere'),
      },
      { requiredKeys: ['surface'] },
    ),
  })
  .map(({ principal: { teams, ...principal }, id, annotations, tags, status, args, origin }) => ({
    principal: testPrincipal({ ...principal, org, ...(teams ? { teams } : {}) }),
    tool: testTool(id, { tags, status }, annotations),
    args: args as JsonObject,
    origin,
  }));

const policies = fc.subarray(rules, { minLength: 1, maxLength: 8 }).map((some) => some.join('\n'));

describe('a replay', () => {
  it('changes nothing under the policies that decided, and tells what others would decide of the whole call [CO-8]', async () => {
    const rounds = fc.sample(fc.tuple(policies, policies, fc.array(sent, { minLength: 60, maxLength: 60 })), {
      numRuns: 8,
      seed: 8,
    });
    let [compared, lacking, changed] = [0, 0, 0];
    for (const [before, after, calls] of rounds) {
      const live = await world.start({ ...settings, folder: world.folder({ 'x.cedar': before }) });
      const other = await world.start({ ...settings, folder: world.folder({ 'x.cedar': after }) });
      const same = await setOf({}, before);
      const candidate = await setOf({}, after);
      const kept = calls.map((call) => recorded(live, call));
      const past = await pastOf(...kept);
      const again = await replayed({ candidate: same, past });
      expect(again).toMatchObject({ policyVersion: live.describe(org).version, decisions: calls.length, changed: 0 });

      for (const [at, call] of calls.entries()) {
        const one = past[at] as PastDecision;
        const { insufficient, groups } = await replayed({ candidate, past: [one] });
        if (insufficient.decisions > 0) {
          lacking += 1;
          // Only what a secret stands in is not known any more.
          const { path = '' } = insufficient.reasons[0] ?? {};
          expect(one.withheld).toContain(path);
          continue;
        }
        const { principal, tool, args, origin } = call;
        const anew = effectOf(other.decide(principal, tool, args, origin));
        const was = effectOf(live.decide(principal, tool, args, origin));
        expect(groups[0]?.change).toBe(changeOf(was, anew));
        compared += 1;
        if (was !== anew) changed += 1;
      }
      await world.reset();
    }
    // The property was put to the test.
    expect(compared).toBeGreaterThan(300);
    expect(changed).toBeGreaterThan(50);
    expect(lacking).toBeGreaterThan(5);
  });

  it('says why a record does not suffice, only where a rule would look at what is missing [CO-8]', async () => {
    const live = await world.start(settings);
    const call: Sent = {
      principal: testPrincipal({ teams: ['red'] }),
      tool: testTool('shop.buy', { tags: ['money'] }),
      args: { amount: 5, password: 'hunter2hunter2', colour: 'red' },
      origin: { surface: 'mcp' },
    };
    const [kept, bodyless] = [recorded(live, call), recorded(live, { ...call, args: { colour: 'red' } })];
    expect(JSON.stringify(kept)).not.toContain('hunter2');
    const { toolStatus: _, toolTags: __, ...older } = kept;
    const because = async (
      text: string,
      record: KeptCall,
      words: Record<string, Record<string, string>> = projections,
    ) => {
      const candidate = await setOf({ projections: words }, text);
      const { insufficient, changed } = await replayed({ candidate, past: await pastOf(record), with: words as never });
      return insufficient.reasons.map(({ path, reason }) => `${path}: ${reason}`)[0] ?? changed;
    };
    const readsPassword = 'forbid (principal, action, resource) when { context.arguments has password };';
    expect(await because(readsPassword, kept)).toMatch(/^context\.arguments\.password: .*secret/);
    expect(await because(readsPassword.replace('resource)', 'resource == Tool::"web.get")'), kept)).toBe(0);
    const ofTeams = 'forbid (principal in Team::"red", action, resource);';
    expect(await because(ofTeams, kept)).toBe(1);
    expect(await because(ofTeams, older as KeptCall)).toMatch(/^principal\.teams: .*before these were kept/);
    expect(await because('forbid (principal, action, resource) when { resource.tags.contains("money") };', kept)).toBe(
      1,
    );
    expect(await because('forbid (principal, action, resource) when { resource.readOnly };', older as KeptCall)).toBe(
      0,
    );
    // An argument that is projected only now is in the record where that has all arguments.
    const colours = { ...projections, 'shop.buy': { ...projections['shop.buy'], colour: '/colour' } };
    const red =
      'forbid (principal, action, resource) when { context.arguments has colour && context.arguments.colour == "red" };';
    expect(await because(red, bodyless, colours)).toBe(1);
    expect(await because(red, kept, colours)).toMatch(/^context\.arguments\.colour: .*not projected then/);
    await world.reset();
  });

  it('takes an error in a rule for a refusal, as a call would be, and stops when it is told to [CO-8]', async () => {
    const live = await world.start(settings);
    const call: Sent = {
      principal: testPrincipal(),
      tool: testTool('shop.buy'),
      args: { amount: 9 },
      origin: { surface: 'mcp' },
    };
    const past = await pastOf(...Array.from({ length: 5 }, () => recorded(live, call)));
    const candidate = await setOf({}, rules[2] as string);
    const { totals, groups } = await replayed({ candidate, past });
    expect(totals).toMatchObject({ newlyDenied: 5 });
    expect(groups).toMatchObject([
      { tool: 'shop.buy', principal: { id: 'key:1' }, decisions: 5, before: 'allow', after: 'deny' },
    ]);
    expect(groups[0]?.examples).toHaveLength(3);
    const source = {
      past: async function* () {
        yield past;
      },
      projections: parseProjections(projections),
    };
    const some = await replay(
      source,
      org,
      { candidate },
      {},
      { limit: 2, maxMs: 60_000 },
      new AbortController().signal,
    );
    expect(some).toMatchObject({ decisions: 2, stopped: 'limit' });
    const stopped = replay(source, org, { candidate }, {}, limits, AbortSignal.abort(new Error('enough')));
    await expect(stopped).rejects.toThrow('enough');
    await world.reset();
  });
});
