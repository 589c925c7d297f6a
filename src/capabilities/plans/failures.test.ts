import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openPlans, tracker } from '../../../test/plans.ts';
import { defineError } from '../../kernel/errors.ts';

const Refused = defineError('REFUSED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'Policy does not let you.',
  action: 'Ask somebody.',
});

describe('a step that fails', () => {
  it('ends the plan: later steps are skipped, and the result is an error that says what to do', async () => {
    const { run, seen } = openPlans(tracker);
    const { structuredContent, isError, content } = await run({
      steps: [
        { id: 'a', tool: 'echo' },
        { id: 'b', tool: 'fail' },
        { id: 'c', tool: 'echo' },
      ],
    });
    expect(seen).toHaveLength(2);
    expect(isError).toBe(true);
    expect(structuredContent).toMatchObject({
      ok: false,
      calls: 2,
      steps: [
        { id: 'a', outcome: 'ok' },
        {
          id: 'b',
          outcome: 'tool_error',
          callId: expect.stringMatching(/^call_/),
          error: { code: 'PLAN_TOOL_FAILED', message: 'The tool fail says that it failed: no wind' },
        },
        { id: 'c', tool: 'echo', outcome: 'skipped' },
      ],
    });
    expect(content[0]?.text).toMatch(/^The step "b" failed: .*no wind.* Not run: c\.$/);
  });

  it('shows the refusal of the pipeline as it came', async () => {
    const refuse = () => {
      throw Refused();
    };
    const { run } = openPlans({ ...tracker, refuse });
    const { structuredContent } = await run({
      steps: [
        { id: 'a', tool: 'refuse', onError: 'continue' },
        { id: 'b', tool: 'none' },
      ],
    });
    expect(structuredContent.steps).toMatchObject([
      { outcome: 'denied', error: { code: 'REFUSED', suggestedAction: 'Ask somebody.', retryable: false } },
      { outcome: 'denied', error: { code: 'NOT_FOUND' } },
    ]);
  });

  it('lets its parallel siblings finish', async () => {
    const { run } = openPlans({ ...tracker, slow: () => sleep(20, { done: true }) });
    const { structuredContent } = await run({
      steps: [
        {
          parallel: [
            { id: 'a', tool: 'fail' },
            { id: 'b', tool: 'slow' },
          ],
        },
        { id: 'c', tool: 'echo' },
      ],
    });
    expect(structuredContent.steps).toMatchObject([
      { outcome: 'tool_error' },
      { outcome: 'ok', value: { done: true } },
      { outcome: 'skipped' },
    ]);
  });

  it('is passed over with onError, and what refers to it fails unless it has a default', async () => {
    const { run, seen } = openPlans(tracker);
    const { structuredContent, isError } = await run({
      steps: [
        { id: 'a', tool: 'fail', onError: 'continue' },
        { id: 'b', tool: 'echo', arguments: { x: { $ref: 'a.x' } }, onError: 'continue' },
        { id: 'c', tool: 'echo', arguments: { x: { $ref: 'a.x', default: 0 } } },
      ],
    });
    expect(isError).toBeUndefined();
    expect(seen.map(({ request }) => request.target)).toEqual(['fail', 'echo']);
    expect(structuredContent).toMatchObject({
      ok: true,
      steps: [
        { outcome: 'tool_error' },
        {
          outcome: 'invalid',
          error: { code: 'PLAN_REFERENCE_EMPTY', message: 'The reference "a.x" leads to nothing: the step "a" failed' },
        },
        { outcome: 'ok', value: { x: 0 } },
      ],
    });
  });

  it('ends a forEach where it fails, or leaves null in its place', async () => {
    const { run, seen } = openPlans({
      odd: ({ n }, request) => (Number(n) % 2 ? { n: n ?? 0 } : tracker.fail?.({}, request)),
    });
    const step = { tool: 'odd', forEach: [1, 2, 3], arguments: { n: { $ref: 'item' } } };
    const on = await run({ steps: [{ id: 'a', ...step, onError: 'continue' }] });
    expect(on.structuredContent).toMatchObject({ ok: true, steps: [{ value: [{ n: 1 }, null, { n: 3 }] }] });
    const off = await run({ steps: [{ id: 'a', ...step }] });
    expect(seen).toHaveLength(5);
    expect(off.structuredContent.steps[0]).toMatchObject({
      outcome: 'tool_error',
      value: [{ n: 1 }, null, null],
      calls: [{ outcome: 'ok' }, { outcome: 'tool_error', error: {} }, { outcome: 'skipped' }],
    });
  });

  it.each([
    ['found.issues[0].id', 'found.issues[0] has no "id"; it has key, fields'],
    ['found.issues.key', 'found.issues is a list of 3: take [0], [*] or a slice of it'],
    ['found.issues[7]', 'found.issues has only 3 items'],
    ['found.total[*]', 'found.total is a number, no list'],
    ['found.total.toString', 'found.total is a number, without fields'],
    ['found.constructor', 'found has no "constructor"; it has total, issues'],
    ['found.issues[*].id', 'each item of found.issues[*] has no "id"; it has key, fields'],
  ])('because %s leads to nothing says why', async ($ref, reason) => {
    const { run } = openPlans(tracker);
    const { structuredContent } = await run({
      steps: [
        { id: 'found', tool: 'search' },
        { id: 'b', tool: 'echo', arguments: { x: { $ref } } },
      ],
    });
    expect(structuredContent.steps[1].error.message).toBe(`The reference "${$ref}" leads to nothing: ${reason}`);
    expect(structuredContent.steps[1]).not.toHaveProperty('callId');
  });

  it.each([
    [{ forEach: { $ref: 'found' } }, 'The reference "found" gives an object, where a list for forEach is needed.'],
    [
      { arguments: { x: { $template: '{{found.issues}}' } } },
      'The reference "found.issues" gives a list, where text, a number, or true or false is needed.',
    ],
    [
      { arguments: { $ref: 'found.total' } },
      'The reference "found.total" gives a number, where an object with the arguments is needed.',
    ],
    [
      { arguments: { x: { $template: '{{found.none}}' } } },
      'The reference "found.none" leads to nothing: found has no "none"; it has total, issues',
    ],
  ])('because a value does not fit there says so: %j', async (step, message) => {
    const { run } = openPlans(tracker);
    const { structuredContent } = await run({
      steps: [
        { id: 'found', tool: 'search' },
        { id: 'b', tool: 'echo', ...step },
      ],
    });
    expect(structuredContent.steps[1].error.message).toBe(message);
  });
});
