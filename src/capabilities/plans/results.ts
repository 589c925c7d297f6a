import type { Outcome } from '../../kernel/call.ts';
import type { ErrorBody } from '../../kernel/errors.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { PlanOutOfTime } from './errors.ts';
import { jsonBytes, type PlanLimits } from './limits.ts';
import type { Plan, Step } from './plan.ts';

/** How one call of a plan ended. `value` is whole; `shown` is what goes back of it. */
export type CallOutcome =
  | { outcome: 'ok'; callId: string; value: Json; shown: Json; notes: readonly string[] }
  | { outcome: Outcome; callId?: string; error: ErrorBody }
  | { outcome: 'skipped' };

/** How one step ended. With `forEach` it has as many calls as items, and lists for its values. */
export interface StepOutcome {
  step: Step;
  outcome: Outcome | 'skipped';
  /** Absent when it did not come to calls. */
  calls?: readonly CallOutcome[];
  error?: ErrorBody;
}

/** Whether a failure is the end of its plan. Without time nothing can go on, whatever the step allows. */
export function endsPlan({ continueOnError }: Step, error: ErrorBody | undefined): boolean {
  return error !== undefined && (!continueOnError || error.code === PlanOutOfTime.code);
}

const previewLength = 2_000;
const maxNotes = 5;

/** The result of `run_tools`: structured, and the same as text for those who read only that. */
export function resultOf(plan: Plan, ends: readonly StepOutcome[], limits: PlanLimits): JsonObject {
  const broken = ends.find(({ step, error }) => endsPlan(step, error));
  let leftBytes = limits.maxReturnedBytes;
  const steps = ends.map((end): JsonObject => {
    const told = toldOf(end);
    if (!plan.returned.has(end.step.id) || end.outcome === 'skipped' || !end.calls) return told;
    const { value, notes } = valuesOf(end);
    if (value === undefined) return told;
    const bytes = jsonBytes(value, leftBytes);
    if (bytes <= leftBytes) {
      leftBytes -= bytes;
      return { ...told, value, ...(notes.length > 0 ? { notes } : {}) };
    }
    const cut = `The value was cut: with it, more than ${limits.maxReturnedBytes} bytes would come back. Select less of it, or leave it out of "return"; a $ref passes on all of it.`;
    return { ...told, preview: previewOf(value), notes: [cut, ...notes] };
  });
  const structured: JsonObject = {
    ok: broken === undefined,
    calls: ends.reduce((sum, { calls = [] }) => sum + calls.filter((call) => 'callId' in call).length, 0),
    steps,
  };
  const said = broken?.error ? [text(whatBroke(broken.step.id, broken.error, ends))] : [];
  return {
    content: [...said, text(JSON.stringify(structured))],
    structuredContent: structured,
    ...(broken ? { isError: true } : {}),
  };
}

function text(words: string): JsonObject {
  return { type: 'text', text: words };
}

function whatBroke(id: string, { message, suggestedAction }: ErrorBody, ends: readonly StepOutcome[]): string {
  const skipped = ends.flatMap(({ step, outcome }) => (outcome === 'skipped' ? [step.id] : []));
  const after = skipped.length > 0 ? ` Not run: ${skipped.join(', ')}.` : '';
  return `The step "${id}" failed: ${message} ${suggestedAction}${after}`;
}

function toldOf({ step, outcome, calls, error }: StepOutcome): JsonObject {
  const single = step.forEach ? undefined : calls?.[0];
  return {
    id: step.id,
    tool: step.tool,
    outcome,
    ...(single && 'callId' in single && single.callId !== undefined ? { callId: single.callId } : {}),
    ...(error === undefined ? {} : { error: errorOf(error) }),
    ...(step.forEach && calls ? { calls: calls.map(toldOfCall) } : {}),
  };
}

function toldOfCall(call: CallOutcome): JsonObject {
  return {
    outcome: call.outcome,
    ...('callId' in call && call.callId !== undefined ? { callId: call.callId } : {}),
    ...('error' in call ? { error: errorOf(call.error) } : {}),
  };
}

function errorOf({ code, message, suggestedAction, retryable, retryAfter }: ErrorBody): JsonObject {
  return { code, message, suggestedAction, retryable, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** What a step shows. Of `forEach` it is a list with null for what failed, so that items keep their places. */
function valuesOf({ step, calls = [] }: StepOutcome): { value: Json | undefined; notes: string[] } {
  const notes = [...new Set(calls.flatMap((call) => ('notes' in call ? call.notes : [])))].slice(0, maxNotes);
  const shown = calls.map((call) => ('shown' in call ? call.shown : null));
  if (step.forEach) return { value: shown, notes };
  const [call] = calls;
  return { value: call && 'shown' in call ? call.shown : undefined, notes };
}

/** The beginning of the JSON text: enough to see what there is to select. */
function previewOf(value: Json): string {
  return (JSON.stringify(value) ?? '').slice(0, previewLength).toWellFormed();
}
