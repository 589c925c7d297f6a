import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CallerEra, caller, closeCallers } from '../clients.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';

// Whatever a plan calls goes the way of every call: what may not be called is refused, what asks reaches the caller,
// and each call leaves its record below that of the plan.

const runTools = 'run_tools';

let fairlead: Fairlead;

beforeAll(async () => {
  const issues = [{ key: 'WEB-1' }, { key: 'WEB-2' }];
  fairlead = await startFairlead({
    config: {
      upstreams: {
        tracker: listedUpstream([
          {
            name: 'search',
            annotations: { readOnlyHint: true },
            result: { content: [], structuredContent: { issues, secret: 'stays here' } },
          },
          {
            name: 'get',
            annotations: { readOnlyHint: true },
            inputSchema: { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] },
          },
          { name: 'close' },
        ]),
        legacy: { ...fixtureUpstream('legacy'), startTimeoutMs: 20_000 },
        modern: { ...fixtureUpstream('modern'), startTimeoutMs: 20_000 },
      },
    },
  });
  const text = '@id("keep-open") forbid (principal, action, resource == Tool::"tracker.close");';
  const saved = await fairlead.request('/api/v1/policies/work', { method: 'PUT', json: { text } });
  expect(saved.status).toBeLessThan(300);
});
afterEach(closeCallers);
afterAll(() => fairlead?.stop());

/** What a plan came to, with the id of its own call. */
async function run(era: CallerEra, plan: object, answer?: (question: string) => string | Promise<string>) {
  const client = await caller(fairlead, era, answer ? { answer } : {});
  const result = await client.callTool({ name: runTools, arguments: plan as Record<string, unknown> });
  const { 'dev.fairlead/callId': callId } = result._meta as Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects to find
  return { ...result, callId, structuredContent: result.structuredContent as any };
}

async function recordsBelow(
  callId: unknown,
): Promise<{ id: string; tool: string; outcome: string; surface: string }[]> {
  const { records } = await (await fairlead.request(`/api/v1/audit?parent=${callId}`)).json();
  return records.toSorted((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1));
}

describe.each<CallerEra>(['sessions', 'modern'])('a plan of a caller of era %s', (era) => {
  it('passes values on inside, and each of its calls has a record linked to its own [CA-7]', async () => {
    const { callId, structuredContent } = await run(era, {
      steps: [
        { id: 'found', tool: 'tracker_search', select: ['issues[*].key'] },
        {
          id: 'each',
          tool: 'tracker.get', // a canonical id does, too
          forEach: { $ref: 'found.issues' },
          arguments: { key: { $ref: 'item.key' }, note: { $ref: 'found.secret' } },
          select: ['key'],
        },
      ],
    });
    expect(structuredContent).toMatchObject({
      ok: true,
      calls: 3,
      steps: [
        { value: { issues: [{ key: 'WEB-1' }, { key: 'WEB-2' }] } },
        { value: [{ key: 'WEB-1' }, { key: 'WEB-2' }] },
      ],
    });
    expect(JSON.stringify(structuredContent)).not.toContain('stays here');
    const records = await recordsBelow(callId);
    expect(records.map(({ tool, outcome }) => `${tool} ${outcome}`)).toEqual([
      'tracker.search ok',
      'tracker.get ok',
      'tracker.get ok',
    ]);
    const [found, each] = structuredContent.steps;
    expect([found.callId, ...each.calls.map(({ callId }: { callId: string }) => callId)]).toEqual(
      records.map(({ id }) => id),
    );
  });

  it('is held to schema and policy at each of its calls [CA-7]', async () => {
    const { callId, isError, structuredContent } = await run(era, {
      steps: [
        { id: 'wrong', tool: 'tracker_get', arguments: { key: 7 }, onError: 'continue' },
        { id: 'hidden', tool: 'tracker_close' },
        { id: 'after', tool: 'tracker_search' },
      ],
    });
    expect(isError).toBe(true);
    expect(structuredContent.steps).toMatchObject([
      { outcome: 'invalid', error: { code: 'INVALID_ARGUMENTS' } },
      { outcome: 'denied', error: { code: 'UNKNOWN_TOOL' } },
      { outcome: 'skipped' },
    ]);
    expect((await recordsBelow(callId)).map(({ tool, outcome }) => `${tool} ${outcome}`)).toEqual([
      'tracker.get invalid',
      'tracker.close denied',
    ]);
  });

  it.each(['legacy', 'modern'])(
    'takes the questions of its calls to the caller, upstream %s [CA-7]',
    async (upstream) => {
      const plan = {
        steps: [
          { id: 'first', tool: `${upstream}_ask`, arguments: { question: 'tea?' } },
          { id: 'then', tool: `${upstream}_echo`, arguments: { text: { $template: 'said: {{first.text}}' } } },
        ],
      };
      const { structuredContent } = await run(era, plan, (question) => `yes to ${question}`);
      expect(structuredContent.steps[1].value.text).toMatch(/^said: tea\? accept yes to tea\?/);
    },
  );

  it('is refused with all that is wrong before anything is called [CA-7]', async () => {
    const client = await caller(fairlead, era);
    const steps = [
      { id: 'a', tool: runTools, arguments: { x: { $ref: 'b' } } },
      { id: 'a', tool: 'tracker_search' },
    ];
    const result = await client.callTool({ name: runTools, arguments: { steps } });
    const meta = result._meta as Record<string, Record<string, string>>;
    const { code, message, callId } = meta['dev.fairlead/error'] ?? {};
    expect(code).toBe('PLAN_INVALID');
    for (const fault of ['plans do not nest', 'no step has the id "b"', '"a" is the id of an earlier step'])
      expect(message).toContain(fault);
    expect(await recordsBelow(callId)).toEqual([]);
  });
});

it('of a caller who hangs up cancels what runs [CA-7]', async () => {
  const client = await caller(fairlead, 'sessions');
  const hangUp = new AbortController();
  const plan = {
    steps: [
      { id: 'a', tool: 'legacy_sleep', arguments: { ms: 60_000 } },
      { id: 'b', tool: 'legacy_echo' },
    ],
  };
  const running = client.callTool({ name: runTools, arguments: plan }, { signal: hangUp.signal });
  const parents = async () => {
    const { records } = await (await fairlead.request('/api/v1/audit?tool=legacy.sleep')).json();
    return records.map(({ outcome, parentCallId }: Record<string, string>) => ({
      outcome,
      linked: parentCallId?.startsWith('call_'),
    }));
  };
  setTimeout(() => hangUp.abort(), 500);
  await expect(running).rejects.toThrow();
  await expect.poll(parents, { timeout: 10_000 }).toEqual([{ outcome: 'cancelled', linked: true }]);
});

it('is listed where an endpoint pins it, open to every role, and found where tools are searched [CA-7]', async () => {
  const settings = { disclosure: 'search', pinned: ['fairlead.run_tools'] };
  await fairlead.request('/api/v1/endpoints/planned', { method: 'PUT', json: { settings } });
  const client = await caller(fairlead, 'modern', { endpoint: 'planned', key: await fairlead.makeKey(['viewer']) });
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([
    'search_tools',
    'describe_tool',
    'call_tool',
    runTools,
  ]);
  const query = 'run several tools in one request';
  const { structuredContent } = await client.callTool({ name: 'search_tools', arguments: { query } });
  expect((structuredContent as { tools: { name: string }[] }).tools[0]?.name).toBe(runTools);
  const steps = [
    { id: 'found', tool: 'tracker_search', select: ['issues[0].key'] },
    { id: 'no', tool: 'tracker_close' },
  ];
  const run = await client.callTool({ name: 'call_tool', arguments: { name: runTools, arguments: { steps } } });
  expect(run.structuredContent).toMatchObject({
    steps: [{ outcome: 'ok' }, { outcome: 'denied' }],
  });
});
