import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPolicyWorld, type PolicyWorld, testPrincipal, testTool } from '../../../test/policy.ts';
import type { PastDecision } from './past.ts';

let world: PolicyWorld;
beforeAll(async () => {
  world = await openPolicyWorld();
});
afterAll(() => world?.stop());

const forbidAll = [{ name: 'all', text: 'forbid (principal, action, resource);' }];
const forever = { policies: forbidAll, against: 'recorded', limit: 1_000_000_000, maxMs: 600_000 } as const;

/** An audit without an end, of one page again and again. */
async function endless() {
  const policy = await world.start({
    async *past() {
      for (;;) yield [past];
    },
  });
  const tool = testTool('a.b');
  const past: PastDecision = {
    callId: 'call_1',
    at: 1_700_000_000_000,
    principal: testPrincipal(),
    tool: tool.id,
    annotations: tool.annotations,
    status: 'live',
    tags: [],
    decision: policy.decide(testPrincipal(), tool, {}),
    withheld: [],
    arguments: () => ({}),
  };
  return policy;
}

it('is one at a time for an organisation and two in all, and gives its place back when it is cancelled [CO-8]', async () => {
  const { rehearsals } = await endless();
  const [one, two] = [new AbortController(), new AbortController()];
  const never = new AbortController().signal;
  const running = [
    rehearsals.candidate('acme', forever, one.signal),
    rehearsals.candidate('other', forever, two.signal),
  ];
  const ends = Promise.allSettled(running);
  const short = { ...forever, limit: 10 };
  for (const org of ['acme', 'third'])
    await expect(rehearsals.candidate(org, short, never)).rejects.toMatchObject({ code: 'REHEARSALS_BUSY' });
  one.abort(new Error('enough'));
  await expect(running[0]).rejects.toThrow('enough');
  expect(await rehearsals.candidate('third', short, never)).toMatchObject({
    decisions: 10,
    changed: 10,
    stopped: 'limit',
  });
  two.abort();
  expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

it('ends when its time is over, lets others run meanwhile and says that older decisions were not looked at [CO-8]', async () => {
  const { rehearsals } = await endless();
  let turns = 0;
  const others = setInterval(() => turns++, 1);
  const ended = await rehearsals.candidate('acme', { ...forever, maxMs: 300 }, new AbortController().signal);
  clearInterval(others);
  expect(ended).toMatchObject({ stopped: 'time', layer: 'own', totals: { newlyDenied: ended.decisions } });
  expect(turns).toBeGreaterThan(3);
});

it('takes the place of what there is, and asks which where there are both [CO-8]', async () => {
  const folder = world.folder({ 'a.cedar': 'permit (principal, action, resource) when { resource.readOnly };' });
  const policy = await world.start({ folder });
  const { signal } = new AbortController();
  expect(await policy.rehearsals.candidate('acme', forever, signal)).toMatchObject({ layer: 'folder', decisions: 0 });
  await policy.store.save('acme', 'own', forbidAll[0]?.text ?? '', 'key:1');
  await expect(policy.rehearsals.candidate('acme', forever, signal)).rejects.toThrow(/layer: say "own" or "folder"/);
  const own = await policy.rehearsals.candidate('acme', { ...forever, layer: 'own' }, signal);
  expect(own.policyVersion).toMatch(/^sha256:/);
  // What is saved decides under the version that was rehearsed.
  await policy.store.remove('acme', 'own', 'key:1');
  await policy.store.save('acme', 'all', forbidAll[0]?.text ?? '', 'key:1');
  expect(policy.describe('acme').version).toBe(own.policyVersion);
  const twice = { ...forever, policies: [...forbidAll, { name: 'all.cedar', text: '' }], layer: 'own' as const };
  await expect(policy.rehearsals.candidate('acme', twice, signal)).rejects.toThrow('"all" is there twice');
});
