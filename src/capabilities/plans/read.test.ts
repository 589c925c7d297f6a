import { describe, expect, it } from 'vitest';
import { openPlans, tracker } from '../../../test/plans.ts';
import type { JsonObject } from '../../kernel/json.ts';

describe('a plan that is wrong', () => {
  const faultsOf = async (plan: unknown, limits = {}) => {
    const { run, seen } = openPlans(tracker, limits);
    const error = await run(plan).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'PLAN_INVALID' });
    expect(seen).toEqual([]);
    return String(error.message);
  };

  it('is refused as a whole, with all that is wrong', async () => {
    const message = await faultsOf({
      steps: [
        { id: 'a', tool: 'echo', arguments: { x: { $ref: 'b.x' }, y: { $ref: 'z.x' }, z: { $ref: 'a' } }, args: {} },
        { id: 'a', tool: '' },
        {
          parallel: [
            { id: 'b', tool: 'echo' },
            { id: 'c', tool: 'echo', arguments: { x: { $ref: 'b' } } },
          ],
          id: 'd',
        },
      ],
      return: ['q'],
      after: [],
    });
    for (const fault of [
      'the plan: there is no field "after" here, only steps, return',
      'steps[0] "a" arguments.x: "b.x": "b" runs later: put it before this step',
      'steps[0] "a" arguments.y: "z.x": no step has the id "z"; no step comes before this one',
      'steps[0] "a" arguments.z: "a": a step cannot refer to its own result',
      'steps[0]: there is no field "args" here',
      'steps[1].id: "a" is the id of an earlier step, too',
      'steps[1] "a" tool: must be the name of a tool',
      'steps[2]: there is no field "id" here, only parallel',
      'steps[2].parallel[1] "c" arguments.x: "b": "b" runs at the same time',
      'return: no step has the id "q"',
    ])
      expect(message).toContain(fault);
  });

  const wrong: [plan: unknown, fault: string][] = [
    [{}, 'steps: must be a list of at least one step'],
    [{ steps: [] }, 'steps: must be a list'],
    [{ steps: ['echo'] }, 'steps[0]: must be an object'],
    [{ steps: [{ parallel: [] }] }, 'steps[0].parallel: must be a list'],
    [{ steps: [{ parallel: [{ parallel: [] }] }] }, 'steps[0].parallel[0]: must be a step with id and tool'],
    [{ steps: [{ tool: 'echo' }] }, 'steps[0].id: must be a name'],
    [{ steps: [{ id: '__proto__', tool: 'echo' }] }, 'steps[0].id: must be a name'],
    [{ steps: [{ id: 'item', tool: 'echo' }] }, 'is the item at hand of forEach'],
    [{ steps: [{ id: 'a', tool: 'echo' }], return: 'a' }, 'return: must be a list of ids'],
  ];
  const inStep: [step: JsonObject, fault: string][] = [
    [{ arguments: [1] }, 'arguments: must be an object'],
    [{ onError: 'retry' }, 'onError: must be "stop" or "continue"'],
    [{ concurrency: 2 }, 'concurrency: stands only beside forEach'],
    [{ concurrency: 9, forEach: [1] }, 'concurrency: must be a whole number from 1 to 8'],
    [{ forEach: 'all' }, 'forEach: must be a list'],
    [{ forEach: { $ref: 'item' } }, '"item" stands only in the arguments of a step with forEach'],
    [{ select: [] }, 'select: must be a list of 1 to 30 paths'],
    [{ select: ['a..b'] }, 'select: "a..b" is no path: what begins at "..b" is no field'],
    [{ select: ['items[].key'] }, 'what begins at "[].key" is no field, [0], [*], [0:5] or ["field"]'],
    [{ select: ['a["\\q"]'] }, 'names no field'],
    [{ select: ['__proto__.x'] }, '__proto__ names no field'],
    [{ select: [7] }, 'it is no text'],
    [{ select: ['a'.repeat(301)] }, 'it is longer than 300 characters'],
    [{ arguments: { x: { $ref: 'before.__proto__' } } }, '__proto__ names no field'],
    [{ arguments: { x: { $ref: 'before.' } } }, 'after "before" comes "[", or "." and a field'],
    [{ arguments: { x: { $ref: 'before.[0]' } } }, 'is no path'],
    [{ arguments: { x: { $ref: '#/before' } } }, 'a reference is the id of an earlier step and a path'],
    [{ arguments: { x: { $ref: 7 } } }, 'a reference is the id of an earlier step and a path'],
    [{ arguments: { x: { $ref: 'before', or: 1 } } }, 'beside "$ref" only "default" may stand'],
    [{ arguments: { x: { $literal: 1, y: 2 } } }, '"$literal" stands alone'],
    [{ arguments: { x: { $template: 'text' } } }, '"$template" has no {{...}} in it'],
    [{ arguments: { x: { $template: '{{before.x' } } }, '"{{" opens a reference that ends with "}}"'],
    [{ arguments: { x: { $template: ['{{before}}'] } } }, '"$template" is text and stands alone'],
    [{ arguments: { x: { $template: '{{none}}' } } }, 'no step has the id "none"; before this one come before'],
    [{ arguments: { list: [{ x: '{{before.x}}' }] } }, 'arguments.list[0].x: text is passed on as it is'],
    [{ arguments: { x: `echo $${'{before.x}'} $HOME` } }, `"$${'{before.x}'} $HOME" looks like a reference`],
    [JSON.parse('{"arguments": {"__proto__": {"x": 1}}}'), 'a field may not be called __proto__'],
    [
      { arguments: { x: Array.from({ length: 101 }, () => ({ $ref: 'before' })) } },
      'a step has at most 100 references',
    ],
  ];
  it.each([
    ...wrong,
    ...inStep.map(([step, fault]): [unknown, string] => [
      {
        steps: [
          { id: 'before', tool: 'echo' },
          { id: 'a', tool: 'echo', ...step },
        ],
      },
      fault,
    ]),
  ])('is told so (%#)', async (plan, fault) => {
    expect(await faultsOf(plan)).toContain(fault);
  });

  it('leaves text alone that refers to no step', async () => {
    const { run, seen } = openPlans(tracker);
    const script = `echo $${'{HOME}'} {{ .Values.name }} $before {"a": 1}`;
    await run({ steps: [{ id: 'before', tool: 'echo', arguments: { script, more: { $literal: '{{before}}' } } }] });
    expect(seen[0]?.request.arguments).toEqual({ script, more: '{{before}}' });
  });

  it.each(['run_tools', 'fairlead_run_tools', 'fairlead.run_tools', 'call_tool', 'fairlead_call_tool', ' run_tools '])(
    'because it calls %s is refused with the reason',
    async (tool) => {
      expect(await faultsOf({ steps: [{ id: 'a', tool }] })).toContain('plans do not nest');
    },
  );

  it('is refused where it runs, too, when it was called by a name that nobody knew', async () => {
    const world = openPlans({
      ...tracker,
      other: (args) => world.run(args),
    });
    const inner = { steps: [{ id: 'b', tool: 'echo' }] };
    const { structuredContent } = await world.run({
      steps: [{ id: 'a', tool: 'other', arguments: { $literal: inner } }],
    });
    expect(structuredContent.steps[0]).toMatchObject({ outcome: 'invalid', error: { code: 'PLAN_NESTED' } });
    expect(world.seen).toHaveLength(1);
  });

  it('with a text that opens references without end is refused as quickly as any other', async () => {
    const text = '{{"\\"'.repeat(40_000);
    const startedAt = performance.now();
    const message = await faultsOf({ steps: [{ id: 'a', tool: 'echo', arguments: { x: { $template: text } } }] });
    expect(message).toContain('"{{" opens a reference');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('with more faults than anybody reads names the first of them', async () => {
    const message = await faultsOf({ steps: Array.from({ length: 30 }, () => ({ id: '', tool: '', x: 1 })) });
    expect(message).toMatch(/there are 30, and a plan makes at most 20 calls/);
    expect(message).toMatch(/and \d+ faults more$/);
    expect(message.length).toBeLessThan(4_000);
  });
});
