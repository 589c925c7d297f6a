import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openPlans, outerCall, tracker } from '../../../test/plans.ts';
import { createPlans } from './plans.ts';

describe('the bounds of a plan', () => {
  it('hold for calls: those that are planned', async () => {
    const { run } = openPlans(tracker, { maxCalls: 3 });
    const step = { tool: 'echo', forEach: [1, 2] };
    await expect(
      run({
        steps: [
          { id: 'a', ...step },
          { id: 'b', ...step },
        ],
      }),
    ).rejects.toThrow('they make 4 calls with what forEach lists, and a plan makes at most 3');
  });

  it('hold for calls: those that a list brings, before any of them is made', async () => {
    const { run, seen } = openPlans(tracker, { maxCalls: 4 });
    const plan = (slice: string) => ({
      steps: [
        { id: 'found', tool: 'search' },
        {
          id: 'each',
          tool: 'get',
          forEach: { $ref: `found.issues${slice}` },
          arguments: { key: { $ref: 'item.key' } },
        },
        { id: 'last', tool: 'echo' },
      ],
    });
    const { structuredContent } = await run(plan(''));
    expect(structuredContent.steps[1]).toMatchObject({
      outcome: 'invalid',
      error: {
        code: 'PLAN_TOO_MANY_CALLS',
        message: 'forEach has 3 items, but the plan has only 2 of its 4 calls left for it. None was made.',
      },
    });
    expect(seen).toHaveLength(1);
    expect((await run(plan('[0:2]'))).structuredContent).toMatchObject({ ok: true, calls: 4 });
  });

  it('hold for time: what runs is cut off, what is left is skipped, what was done is told', async () => {
    const { run, seen } = openPlans({ ...tracker, sleep: () => sleep(10_000, {}) }, { timeMs: 50 });
    const { structuredContent, isError } = await run({
      steps: [
        { id: 'a', tool: 'echo', arguments: { x: 1 } },
        { id: 'b', tool: 'sleep', onError: 'continue' },
        { id: 'c', tool: 'echo' },
      ],
    });
    expect(structuredContent.steps).toMatchObject([
      { value: { x: 1 } },
      { outcome: 'failed', callId: expect.any(String), error: { code: 'PLAN_OUT_OF_TIME' } },
      { outcome: 'skipped' },
    ]);
    expect(isError).toBe(true);
    expect(seen[1]?.request.signal.aborted).toBe(true);
  });

  it('hold for time: also in the middle of a list', async () => {
    const { run } = openPlans({ ...tracker, wait: ({ ms }) => sleep(Number(ms), {}) }, { timeMs: 60 });
    const step = { tool: 'wait', forEach: [1, 5_000, 1], arguments: { ms: { $ref: 'item' } }, onError: 'continue' };
    const { structuredContent } = await run({ steps: [{ id: 'a', ...step }] });
    expect(structuredContent).toMatchObject({
      ok: false,
      steps: [{ calls: [{ outcome: 'ok' }, { error: { code: 'PLAN_OUT_OF_TIME' } }, { outcome: 'skipped' }] }],
    });
  });

  it("hold for time: the caller's deadline comes first", async () => {
    const { run } = openPlans({ sleep: () => sleep(10_000, {}) });
    const { structuredContent } = await run({ steps: [{ id: 'a', tool: 'sleep' }] }, { deadline: Date.now() + 40 });
    expect(structuredContent.steps[0].error.message).toContain('the time that its caller gave');
  });

  it('hold for time: also against a provider that does not hear', async () => {
    const deaf = createPlans({
      caller: { call: () => new Promise(() => undefined) },
      limits: { timeMs: 20 },
    });
    const call = outerCall(deaf, { steps: [{ id: 'a', tool: 'x' }] });
    const reply = await deaf.run(call, call.signal);
    expect(reply).toMatchObject({
      result: {
        isError: true,
        structuredContent: { steps: [{ outcome: 'failed', error: { code: 'PLAN_OUT_OF_TIME' } }] },
      },
    });
  });

  it('hold for bytes: those of one result', async () => {
    const { run } = openPlans({ ...tracker, big: () => ({ text: 'x'.repeat(2_000) }) }, { maxTakenBytes: 1_000 });
    const { structuredContent } = await run({ steps: [{ id: 'a', tool: 'big' }] });
    expect(structuredContent.steps[0]).toMatchObject({
      outcome: 'failed',
      callId: expect.any(String),
      error: {
        code: 'PLAN_RESULT_TOO_LARGE',
        suggestedAction: expect.stringMatching(/^What the tool does has happened/),
      },
    });
  });

  it('hold for bytes: those that references put together', async () => {
    const { run, seen } = openPlans(
      { ...tracker, big: () => ({ text: 'x'.repeat(900) }) },
      { maxArgumentBytes: 1_000 },
    );
    const twice = (x: unknown) => ({
      steps: [
        { id: 'a', tool: 'big' },
        { id: 'b', tool: 'echo', arguments: { x } },
      ],
    });
    for (const x of [[{ $ref: 'a.text' }, { $ref: 'a' }], { $template: '{{a.text}} {{a.text}} {{a.text}}' }]) {
      const { structuredContent } = await run(twice(x));
      expect(structuredContent.steps[1].error.code).toBe('PLAN_ARGUMENTS_TOO_LARGE');
    }
    expect(seen).toHaveLength(2);
  });

  it('hold for bytes: those that come back, with a note that says to select less', async () => {
    const { run } = openPlans(
      { ...tracker, big: () => ({ rows: Array.from({ length: 500 }, (_, n) => ({ n })) }) },
      {
        maxReturnedBytes: 1_000,
      },
    );
    const { structuredContent } = await run({
      steps: [
        { id: 'a', tool: 'big' },
        { id: 'b', tool: 'echo', arguments: { n: { $ref: 'a.rows[499].n' } } },
        { id: 'c', tool: 'big', select: ['rows[0:3].n'] },
      ],
    });
    const [a, b, c] = structuredContent.steps;
    expect(a).toMatchObject({ outcome: 'ok', preview: expect.stringMatching(/^\{"rows":\[\{"n":0\}/) });
    expect(a.notes).toEqual([expect.stringMatching(/^The value was cut: .* more than 1000 bytes .* Select less/)]);
    expect(a).not.toHaveProperty('value');
    expect([b.value, c.value]).toEqual([{ n: 499 }, { rows: [{ n: 0 }, { n: 1 }, { n: 2 }] }]);
  });

  it('hold for the items that paths go through', async () => {
    const { run } = openPlans(
      { ...tracker, big: () => ({ rows: Array.from({ length: 500 }, () => 1) }) },
      {
        maxVisits: 1_500,
      },
    );
    const { structuredContent } = await run({
      steps: [
        { id: 'a', tool: 'big' },
        { id: 'b', tool: 'echo', arguments: { x: Array.from({ length: 5 }, () => ({ $ref: 'a.rows[*]' })) } },
      ],
    });
    expect(structuredContent.steps[1].error.code).toBe('PLAN_TOO_MUCH_DATA');
  });
});
