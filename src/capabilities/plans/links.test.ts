import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mute, openPlans } from '../../../test/plans.ts';
import type { CallerLink, ProgressUpdate } from '../../kernel/call.ts';
import { ShuttingDown } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';

describe('the way back to the caller', () => {
  const plan = { steps: [{ id: 'a', tool: 'ask' }] };
  const asking = async (_: JsonObject, { link, signal }: { link: CallerLink; signal: AbortSignal }) =>
    link.ask({ method: 'elicitation/create', params: { message: 'Which?' } }, signal);

  it.each(['sessions', 'modern'] as const)('takes the questions of a call to a caller of era %s', async (era) => {
    const { run, seen } = openPlans({ ask: asking });
    const link = { ...mute, era, ask: async () => ({ action: 'accept' }) };
    const { structuredContent } = await run(plan, { link });
    expect(structuredContent.steps[0].value).toEqual({ action: 'accept' });
    // It is asked while the call runs: there are no rounds inside of a plan.
    expect(seen[0]?.request.link.era).toBe('sessions');
  });

  it('does not run out of time while the caller thinks', async () => {
    const { run } = openPlans({ ask: asking }, { timeMs: 100 });
    const link: CallerLink = { ...mute, era: 'sessions', ask: () => sleep(250, { action: 'accept' }) };
    expect((await run(plan, { link })).structuredContent).toMatchObject({ ok: true });
  });

  it('runs on after the caller thought', async () => {
    const { run } = openPlans({ ask: async (...all) => sleep(10_000, await asking(...all)) }, { timeMs: 100 });
    const link: CallerLink = { ...mute, era: 'sessions', ask: () => sleep(120, { action: 'accept' }) };
    expect((await run(plan, { link })).structuredContent.steps[0].error.code).toBe('PLAN_OUT_OF_TIME');
  });

  it('tells of a tool that ends its round with a question that it has to be called on its own', async () => {
    const { run } = openPlans({ ask: () => ({ kind: 'input_required', callId: 'call_1', required: {} }) });
    const { structuredContent, isError } = await run(plan);
    expect(isError).toBe(true);
    expect(structuredContent.steps[0]).toMatchObject({
      outcome: 'invalid',
      callId: 'call_1',
      error: { code: 'PLAN_STEP_ASKS', suggestedAction: expect.stringContaining('Call this tool on its own') },
    });
  });

  it('tells of a call that waits for consent', async () => {
    const end = { callId: 'call_1', outcome: 'pending_approval' };
    const { run } = openPlans({ ask: () => ({ kind: 'end', end }) });
    expect((await run(plan)).structuredContent.steps[0].error).toMatchObject({
      code: 'PLAN_STEP_OPEN',
      message: 'The call of ask ended as pending_approval, without a result.',
    });
  });

  it('tells progress that only rises, and log messages as they come', async () => {
    const told: ProgressUpdate[] = [];
    const logged: unknown[] = [];
    const link: CallerLink = { ...mute, progress: (it) => told.push(it), log: (...it) => logged.push(it) };
    const { run } = openPlans({
      count: (_, { link }) => {
        for (const progress of [1, 2, 4]) link.progress({ progress, total: 4, message: `${progress} of 4` });
        link.progress({ progress: 1 });
        link.log('info', 'counted');
        return {};
      },
    });
    await run(
      {
        steps: [
          { id: 'a', tool: 'count' },
          { id: 'b', tool: 'count' },
        ],
      },
      { link },
    );
    const values = told.map(({ progress }) => progress);
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
    expect(told.every(({ total }) => total === 2)).toBe(true);
    expect(told.map(({ message }) => message)).toEqual(
      ['a', 'b'].flatMap((id) => [`${id}: 1 of 4`, `${id}: 2 of 4`, `${id}: 4 of 4`, id, `${id} is over`]),
    );
    expect(values.at(-1)).toBe(2);
    expect(logged).toHaveLength(2);
  });

  it('takes a cancellation to every call that runs', async () => {
    const { run, seen } = openPlans({ sleep: () => sleep(10_000, {}) });
    const controller = new AbortController();
    const each = { tool: 'sleep' };
    const running = run(
      {
        steps: [
          {
            parallel: [
              { id: 'a', ...each },
              { id: 'b', ...each },
            ],
          },
          { id: 'c', ...each },
        ],
      },
      {},
      controller.signal,
    );
    await sleep(20);
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'PLAN_CANCELLED' });
    expect(seen.map(({ reply }) => reply?.kind === 'end' && reply.end.outcome)).toEqual(['cancelled', 'cancelled']);
  });

  it('ends with the reason of the server where that ends it', async () => {
    const { run } = openPlans({ sleep: () => sleep(10_000, {}) });
    const controller = new AbortController();
    const running = run({ steps: [{ id: 'a', tool: 'sleep' }] }, {}, controller.signal);
    controller.abort(ShuttingDown());
    await expect(running).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});
