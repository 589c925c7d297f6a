import { type CallClock, startCallClock, type TimeLimit } from '../../kernel/budget.ts';
import type { Call, ToolCaller } from '../../kernel/call.ts';
import { asFairleadError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import { createStepCaller, outcomeOf } from './calls.ts';
import { PlanOutOfTime, PlanReferenceUnfit, PlanTooManyCalls } from './errors.ts';
import { createGate } from './gate.ts';
import { createMeter, type PlanLimits } from './limits.ts';
import { createLinks } from './links.ts';
import { type Found, kindOf } from './paths.ts';
import { itemName, type Plan, plannedCalls, type Step } from './plan.ts';
import { type CallOutcome, endsPlan, type StepOutcome } from './results.ts';
import { fillTemplate, type Scope } from './templates.ts';

export interface ExecutionDeps {
  caller: ToolCaller;
  limits: PlanLimits;
}

/** Runs a plan to its end, or to the first step that may not fail. Resolves with the ends of all steps, in order. */
export async function execute(
  plan: Plan,
  outer: Call,
  signal: AbortSignal,
  deps: ExecutionDeps,
): Promise<StepOutcome[]> {
  const { timeMs } = deps.limits;
  const expired = (by: TimeLimit) =>
    PlanOutOfTime({
      limit: by === 'budget' ? `${timeMs / 1000} s, the most that a plan gets` : 'the time that its caller gave',
    });
  const time = startCallClock(timeMs, outer.deadline, expired);
  const either = AbortSignal.any([signal, time.signal]);
  try {
    const run = runnerOf(plan, outer, either, time, deps);
    const ends: StepOutcome[] = [];
    let stopped = false;
    for (const group of plan.groups) {
      const its: StepOutcome[] = stopped ? group.map(skipped) : await Promise.all(group.map(run));
      ends.push(...its);
      stopped ||= its.some(({ step, error }) => endsPlan(step, error));
    }
    return ends;
  } finally {
    time.stop();
  }
}

function skipped(step: Step): StepOutcome {
  return { step, outcome: 'skipped' };
}

/** Runs the steps of a plan, each of which finds the values of those before it. Never rejects. */
function runnerOf(
  plan: Plan,
  outer: Call,
  signal: AbortSignal,
  time: CallClock,
  { caller, limits }: ExecutionDeps,
): (step: Step) => Promise<StepOutcome> {
  const steps = plan.groups.flat();
  const planned = steps.reduce((sum, step) => sum + plannedCalls(step), 0);
  const total = steps.some((step) => step.forEach?.kind === 'reference') ? undefined : planned;
  const links = createLinks(outer.link, time, total);
  const callStep = createStepCaller({ caller, outer, links, limits, signal });
  const gate = createGate(limits.width);
  const meter = createMeter(limits.maxVisits);
  const done = new Map<string, StepOutcome>();
  // What every step makes for certain is kept free for it.
  let leftCalls = limits.maxCalls - planned;

  const scopeOf = (item?: Json): Scope => ({
    meter,
    maxText: limits.maxArgumentBytes,
    valueNamed: (name) =>
      name === itemName && item !== undefined ? { value: item } : wholeValue(name, done.get(name)),
  });

  const itemsOf = (step: Step, forEach: NonNullable<Step['forEach']>): Json[] => {
    const items = fillTemplate(forEach, scopeOf());
    const ref = forEach.kind === 'reference' ? forEach.reference.text : 'forEach';
    if (!Array.isArray(items)) throw PlanReferenceUnfit({ ref, kind: kindOf(items), wanted: 'a list for forEach' });
    const more = items.length - plannedCalls(step);
    if (more > leftCalls) throw PlanTooManyCalls({ items: items.length, left: leftCalls, max: limits.maxCalls });
    leftCalls -= more;
    return items;
  };

  const callEach = async (step: Step, items: readonly Json[]): Promise<CallOutcome[]> => {
    const calls: CallOutcome[] = items.map(() => ({ outcome: 'skipped' }));
    const queue = items.entries();
    let stopped = false;
    const work = async () => {
      for (const [at, item] of queue) {
        await gate.run(async () => {
          if (stopped) return;
          const end = await callStep(step, scopeOf(item));
          calls[at] = end;
          stopped ||= 'error' in end && endsPlan(step, end.error);
        });
      }
    };
    await Promise.all(Array.from({ length: step.concurrency }, work));
    return calls;
  };

  const callAll = async (step: Step): Promise<readonly CallOutcome[]> =>
    step.forEach ? callEach(step, itemsOf(step, step.forEach)) : [await gate.run(() => callStep(step, scopeOf()))];

  const run = async (step: Step): Promise<StepOutcome> => {
    try {
      const calls = await callAll(step);
      // The one that ended the step says more than the first.
      const failures = calls.filter((end) => 'error' in end);
      const failed = failures.find(({ error }) => endsPlan(step, error)) ?? failures[0];
      return failed ? { step, outcome: failed.outcome, calls, error: failed.error } : { step, outcome: 'ok', calls };
    } catch (thrown) {
      const error = asFairleadError(thrown);
      return { step, outcome: outcomeOf(error), error: error.toBody() };
    }
  };

  return async (step) => {
    const end = await run(step);
    done.set(step.id, end);
    return end;
  };
}

/** The value of a step that has run, whatever it selects. */
function wholeValue(name: string, end: StepOutcome | undefined): Found {
  if (!end?.calls) return { reason: `the step "${name}" has no result` };
  const { step, calls } = end;
  if (step.forEach) return { value: calls.map((call) => ('value' in call ? call.value : null)) };
  const [call] = calls;
  return call && 'value' in call ? { value: call.value } : { reason: `the step "${name}" failed` };
}
