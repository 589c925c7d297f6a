import { setTimeout as sleep } from 'node:timers/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { issues, openPlans, outerCall, text, tracker } from '../../../test/plans.ts';
import type { JsonObject } from '../../kernel/json.ts';

describe('a plan', () => {
  it('passes values from step to step, and brings back what is selected', async () => {
    const { run, seen } = openPlans(tracker);
    const { structuredContent, isError, content } = await run({
      steps: [
        { id: 'found', tool: 'search', arguments: { jql: 'project = WEB' }, select: ['total'] },
        { id: 'first', tool: 'get', arguments: { key: { $ref: 'found.issues[0].key' } }, select: ['fields.summary'] },
        {
          id: 'said',
          tool: 'echo',
          arguments: {
            keys: { $ref: 'found.issues[*].key' },
            text: { $template: '{{found.total}} issues, first {{first["key"]}}' },
            raw: { $literal: { $ref: 'none' } },
            status: { $ref: 'found.issues[2].fields.status.name', default: 'unknown' },
          },
        },
      ],
    });
    expect(seen.map(({ request }) => request.arguments)).toEqual([
      { jql: 'project = WEB' },
      { key: 'WEB-1' },
      {
        keys: ['WEB-1', 'WEB-2', 'WEB-3'],
        text: '3 issues, first WEB-1',
        raw: { $ref: 'none' },
        status: 'unknown',
      },
    ]);
    expect(structuredContent.steps.map(({ value }: JsonObject) => value)).toEqual([
      { total: 3 },
      { fields: { summary: 'one' } },
      seen[2]?.request.arguments,
    ]);
    expect(structuredContent).toMatchObject({ ok: true, calls: 3 });
    expect(isError).toBeUndefined();
    expect(JSON.parse(String(content[0]?.text))).toEqual(structuredContent);
  });

  it('makes each call as the outer one was made, and linked to it', async () => {
    const { run, plans, seen } = openPlans(tracker);
    const deadline = Date.now() + 5_000;
    await run({ steps: [{ id: 'a', tool: 'echo', arguments: { x: 1 } }] }, { deadline });
    const { principal, surface, endpoint, clientAddress, requestId, meta } = outerCall(plans, {});
    expect(seen[0]?.request).toEqual({
      principal,
      surface,
      endpoint,
      clientAddress,
      requestId,
      meta,
      deadline,
      operation: 'tool',
      target: 'echo',
      arguments: { x: 1 },
      parentCallId: 'call_outer',
      signal: expect.any(AbortSignal),
      link: expect.objectContaining({ era: 'none' }),
    });
  });

  it('gives each step its own call id, so that its audit record is found', async () => {
    const { run, seen } = openPlans(tracker);
    const { structuredContent } = await run({
      steps: [
        { id: 'a', tool: 'echo' },
        { id: 'b', tool: 'echo', forEach: [1, 2] },
      ],
    });
    const [a, b] = structuredContent.steps;
    const ids = seen.map(({ reply }) => (reply?.kind === 'end' ? reply.end.callId : undefined));
    expect([a.callId, ...b.calls.map(({ callId }: JsonObject) => callId)]).toEqual(ids);
  });

  it('runs the steps of a parallel group at once', async () => {
    const { run, seen } = openPlans({
      slow: async ({ ms }) => sleep(Number(ms), { ms: ms ?? 0 }),
    });
    const { structuredContent } = await run({
      steps: [
        {
          parallel: [
            { id: 'a', tool: 'slow', arguments: { ms: 40 } },
            { id: 'b', tool: 'slow', arguments: { ms: 10 } },
          ],
        },
        { id: 'c', tool: 'slow', arguments: { ms: { $ref: 'b.ms' } } },
      ],
    });
    expect(seen.map(({ running }) => running)).toEqual([1, 2, 1]);
    expect(structuredContent.steps.map(({ id }: JsonObject) => id)).toEqual(['a', 'b', 'c']);
  });

  it('makes a call for each item of a list, in order', async () => {
    const { run, seen } = openPlans(tracker);
    const { structuredContent } = await run({
      steps: [
        { id: 'found', tool: 'search' },
        {
          id: 'each',
          tool: 'get',
          forEach: { $ref: 'found.issues[0:2]' },
          arguments: { key: { $ref: 'item.key' } },
          select: ['fields.status.name'],
        },
        { id: 'all', tool: 'echo', arguments: { names: { $ref: 'each[*].fields.status.name' } } },
      ],
      return: ['each', 'all'],
    });
    expect(seen.every(({ running }) => running === 1)).toBe(true);
    expect(structuredContent.steps).toMatchObject([
      { id: 'found', outcome: 'ok' },
      { id: 'each', value: [{ fields: { status: { name: 'Open' } } }, { fields: { status: { name: 'Done' } } }] },
      { id: 'all', value: { names: ['Open', 'Done'] } },
    ]);
    expect(structuredContent.steps[0]).not.toHaveProperty('value');
  });

  it('makes no call for a list without items', async () => {
    const { run, seen } = openPlans({ ...tracker, search: () => ({ issues: [] }) });
    const { structuredContent } = await run({
      steps: [
        { id: 'found', tool: 'search' },
        { id: 'a', tool: 'get', forEach: { $ref: 'found.issues[*].key' }, arguments: { key: { $ref: 'item' } } },
        { id: 'b', tool: 'get', forEach: { $ref: 'found.none', default: [] } },
      ],
    });
    expect(seen).toHaveLength(1);
    expect(structuredContent.steps).toMatchObject([{}, { outcome: 'ok', value: [] }, { outcome: 'ok', value: [] }]);
  });

  it('never has more calls running than its width, however they come about', async () => {
    const { run, seen } = openPlans({ slow: () => sleep(10, {}) }, { width: 3 });
    const each = { tool: 'slow', forEach: [1, 2, 3, 4, 5], concurrency: 3 };
    await run({
      steps: [
        {
          parallel: [
            { id: 'a', ...each },
            { id: 'b', ...each },
            { id: 'c', tool: 'slow' },
          ],
        },
      ],
    });
    expect(seen).toHaveLength(11);
    expect(Math.max(...seen.map(({ running }) => running))).toBe(3);
  });
});

describe('what a step takes from a result', () => {
  it.each([
    ['structured content before text', { ...text('{"a": 1}'), structuredContent: { b: 2 } }, { b: 2 }],
    ['text that is a JSON object', text('{"a": [1]}'), { a: [1] }],
    ['text that is a JSON list', text(' [1, 2]'), [1, 2]],
    ['other JSON as the text that it is', text('42'), { text: '42' }],
    ['text that only looks like JSON', text('[see below]'), { text: '[see below]' }],
    ['JSON with a forbidden name as text', text('{"__proto__": {"x": 1}}'), { text: '{"__proto__": {"x": 1}}' }],
    ['several texts as one', text('one', 'two'), { text: 'one\ntwo' }],
    ['nothing', { content: [] }, { text: '' }],
  ])('is %s', async (_, result, value) => {
    const { run } = openPlans({ tool: () => result });
    expect((await run({ steps: [{ id: 'a', tool: 'tool' }] })).structuredContent.steps[0].value).toEqual(value);
  });

  it('is a picture for the next step, but not for the model', async () => {
    const picture = { type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' };
    const file = { type: 'resource', resource: { uri: 'file:///a', blob: 'AAAA' } };
    const { run, seen } = openPlans({ ...tracker, shoot: () => ({ content: [picture, file] }) });
    const { structuredContent } = await run({
      steps: [
        { id: 'shot', tool: 'shoot' },
        { id: 'sent', tool: 'echo', arguments: { png: { $ref: 'shot.blocks[0].data' } }, select: ['none'] },
      ],
    });
    expect(seen[1]?.request.arguments).toEqual({ png: picture.data });
    expect(JSON.stringify(structuredContent)).not.toMatch(/iVBOR|AAAA/);
    expect(structuredContent.steps[0].value.blocks).toMatchObject([{ mimeType: 'image/png' }, { type: 'resource' }]);
  });
});

describe('select', () => {
  const selected = async (value: unknown, ...select: string[]) => {
    const { run } = openPlans({ tool: () => value });
    return (await run({ steps: [{ id: 'a', tool: 'tool', select }] })).structuredContent.steps[0];
  };

  it.each([
    [['issues[*].key', 'total'], { issues: [{ key: 'WEB-1' }, { key: 'WEB-2' }, { key: 'WEB-3' }], total: 3 }],
    [['issues[1:].key'], { issues: [{ key: 'WEB-2' }, { key: 'WEB-3' }] }],
    [
      ['issues[0].key', 'issues[*].fields.status'],
      {
        issues: [
          { key: 'WEB-1', fields: { status: { name: 'Open' } } },
          { fields: { status: { name: 'Done' } } },
          { fields: {} },
        ],
      },
    ],
    [['issues.1.key'], { issues: [{ key: 'WEB-2' }] }],
    [['issues[0]'], { issues: [issues.issues[0]] }],
  ])('%j keeps the shape', async (paths, value) => {
    const step = await selected(issues, ...paths);
    expect(step.value).toEqual(value);
    expect(step).not.toHaveProperty('notes');
  });

  it('goes over lists at the top', async () => {
    expect((await selected([{ a: 1, b: 2 }, { a: 3 }], '[*].a')).value).toEqual([{ a: 1 }, { a: 3 }]);
  });

  it('says which path finds nothing, and what there is', async () => {
    const { value, notes, outcome } = await selected(issues, 'issues[*].id', 'count', 'total.sum');
    expect({ value, outcome }).toEqual({ value: { issues: [{}, {}, {}] }, outcome: 'ok' });
    expect(notes).toEqual([
      'select "issues[*].id" finds nothing: each item of the result.issues[*] has no "id"; it has key, fields',
      'select "count" finds nothing: the result has no "count"; it has total, issues',
      'select "total.sum" finds nothing: the result.total is a number, without fields',
    ]);
  });
});

describe('the definition', () => {
  const { plans, run } = openPlans(tracker);
  const ajv = new Ajv2020({ strict: false });

  it('has an example in its description that its schema and its own check take', async () => {
    const example = JSON.parse(/Example: (.*)$/s.exec(plans.tool.description ?? '')?.[1] ?? '');
    expect(ajv.validate(plans.tool.inputSchema, example)).toBe(true);
    const { steps } = (await run(example)).structuredContent;
    expect(steps[0].error.code).toBe('NOT_FOUND'); // it has no such tools, but nothing against the plan
  });

  it('has an output schema that keeps its promise, however a plan ends', async () => {
    const each = { tool: 'get', forEach: [1, 2], arguments: { key: 'WEB-1' } };
    for (const steps of [
      [
        { id: 'a', tool: 'echo' },
        { id: 'b', ...each },
      ],
      [
        { id: 'a', tool: 'fail' },
        { id: 'b', ...each },
      ],
      [
        { id: 'a', tool: 'fail', forEach: [1, 2], select: ['x'] },
        { id: 'b', tool: 'none' },
      ],
    ]) {
      const { structuredContent } = await run({ steps });
      expect(ajv.validate(plans.tool.outputSchema ?? {}, structuredContent) || ajv.errors).toBe(true);
    }
  });

  it('says of itself the worst that its steps can be', () => {
    expect(plans.tool.annotations).toMatchObject({ readOnlyHint: false, destructiveHint: true, openWorldHint: true });
  });
});
