import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import { PlanInvalid } from './errors.ts';
import type { PlanLimits } from './limits.ts';
import { type Path, parsePath } from './paths.ts';
import { itemName, type Plan, plannedCalls, type Step, type Template } from './plan.ts';
import { readTemplate } from './templates.ts';

const idPattern = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;
const stepFields = ['id', 'tool', 'arguments', 'select', 'forEach', 'concurrency', 'onError'];
const maxFaults = 20;
const maxPaths = 30;
const maxReferences = 100;

export interface Reading {
  limits: PlanLimits;
  /** Why a plan may not call this tool; undefined when it may. */
  whyNotCalled(tool: string): string | undefined;
}

/** A step as it was written, with the place where it stands. */
interface Written {
  step: JsonObject;
  place: string;
  group: number;
}

/** The plan that arguments of `run_tools` describe, checked as a whole. Throws `PlanInvalid` with all that is wrong. */
export function readPlan(args: JsonObject, reading: Reading): Plan {
  const faults: string[] = [];
  const fault = (place: string, what: string) => void faults.push(`${place}: ${what}`.slice(0, 400));
  const { maxCalls } = reading.limits;

  only(args, ['steps', 'return'], 'the plan', fault);
  const written = writtenSteps(args.steps ?? null, fault);
  if (written.length > maxCalls)
    fault('steps', `there are ${written.length}, and a plan makes at most ${maxCalls} calls`);
  // Nobody reads a thousand faults, and finding them costs time.
  const taken = written.slice(0, maxCalls);
  const groupOf = groupsById(taken, fault);
  const read = taken.map((each) => ({ group: each.group, step: readStep(each, groupOf, reading, fault) }));
  const calls = read.reduce((sum, { step }) => sum + plannedCalls(step), 0);
  if (calls > maxCalls && written.length <= maxCalls)
    fault('steps', `they make ${calls} calls with what forEach lists, and a plan makes at most ${maxCalls}`);
  const returned = readReturn(args.return, groupOf, fault);

  if (faults.length > 0) {
    const more = faults.length > maxFaults ? [`and ${faults.length - maxFaults} faults more`] : [];
    throw PlanInvalid({ faults: [...faults.slice(0, maxFaults), ...more] });
  }
  const groups = Object.values(Object.groupBy(read, ({ group }) => group));
  return { groups: groups.map((group = []) => group.map(({ step }) => step)), returned };
}

type Fault = (place: string, what: string) => void;

function only(object: JsonObject, known: readonly string[], place: string, fault: Fault): void {
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) fault(place, `there is no field "${key.slice(0, 40)}" here, only ${known.join(', ')}`);
  }
}

function writtenSteps(steps: Json, fault: Fault): Written[] {
  if (!Array.isArray(steps) || steps.length === 0) {
    fault('steps', 'must be a list of at least one step');
    return [];
  }
  return steps.flatMap((step, group): Written[] => {
    const place = `steps[${group}]`;
    if (!isObject(step)) {
      fault(place, 'must be an object with id and tool, or with parallel');
      return [];
    }
    if (!Object.hasOwn(step, 'parallel')) return [{ step: step as JsonObject, place, group }];
    only(step as JsonObject, ['parallel'], place, fault);
    if (!Array.isArray(step.parallel) || step.parallel.length === 0) {
      fault(`${place}.parallel`, 'must be a list of at least one step');
      return [];
    }
    return step.parallel.flatMap((inner: unknown, at): Written[] => {
      const innerPlace = `${place}.parallel[${at}]`;
      if (isObject(inner) && !Object.hasOwn(inner, 'parallel')) {
        return [{ step: inner as JsonObject, place: innerPlace, group }];
      }
      fault(innerPlace, 'must be a step with id and tool: groups do not nest');
      return [];
    });
  });
}

/** The group in which each id stands. */
function groupsById(written: readonly Written[], fault: Fault): Map<string, number> {
  const groupOf = new Map<string, number>();
  for (const { step, place, group } of written) {
    const { id } = step;
    if (typeof id !== 'string' || !idPattern.test(id)) {
      fault(`${place}.id`, 'must be a name of its own: a letter, then up to 39 letters, digits, _ or -');
    } else if (id === itemName) fault(`${place}.id`, `"${itemName}" is the item at hand of forEach: take another name`);
    else if (groupOf.has(id)) fault(`${place}.id`, `"${id}" is the id of an earlier step, too`);
    else groupOf.set(id, group);
  }
  return groupOf;
}

function readStep(
  { step, place, group }: Written,
  groupOf: ReadonlyMap<string, number>,
  { limits, whyNotCalled }: Reading,
  fault: Fault,
): Step {
  only(step, stepFields, place, fault);
  const id = typeof step.id === 'string' ? step.id : place;
  const here = `${place} "${id.slice(0, 40)}"`;
  const loops = Object.hasOwn(step, 'forEach');
  const names = new Set([...groupOf.keys(), itemName]);
  let references = 0;

  const whyNot = (name: string, withItem: boolean): string | undefined => {
    if (++references > maxReferences) return `a step has at most ${maxReferences} references`;
    if (name === itemName)
      return withItem ? undefined : `"${itemName}" stands only in the arguments of a step with forEach`;
    const its = groupOf.get(name);
    if (its === undefined) {
      const ids = [...groupOf].flatMap(([each, theirs]) => (theirs < group ? [each] : []));
      return `no step has the id "${name}"; ${ids.length > 0 ? `before this one come ${ids.join(', ')}` : 'no step comes before this one'}`;
    }
    if (its < group) return undefined;
    if (name === step.id) return 'a step cannot refer to its own result';
    return its > group
      ? `"${name}" runs later: put it before this step`
      : `"${name}" runs at the same time: put it before the parallel group`;
  };
  const template = (value: Json, field: string, withItem: boolean): Template =>
    readTemplate(value, `${here} ${field}`, { names, fault, whyNot: (name) => whyNot(name, withItem) });

  const { tool, concurrency = 1, onError = 'stop' } = step;
  const name = typeof tool === 'string' && tool.length <= 200 ? tool.trim() : '';
  const refused = name === '' ? 'must be the name of a tool' : whyNotCalled(name);
  if (refused !== undefined) fault(`${here} tool`, refused);
  const args = step.arguments ?? {};
  if (!isObject(args)) fault(`${here} arguments`, 'must be an object');
  const each = step.forEach ?? null;
  const forEach = loops ? readForEach(each, template(each, 'forEach', false), here, fault) : undefined;
  if (!Number.isInteger(concurrency) || Number(concurrency) < 1 || Number(concurrency) > limits.width)
    fault(`${here} concurrency`, `must be a whole number from 1 to ${limits.width}`);
  if (Object.hasOwn(step, 'concurrency') && !loops) fault(`${here} concurrency`, 'stands only beside forEach');
  if (onError !== 'stop' && onError !== 'continue') fault(`${here} onError`, 'must be "stop" or "continue"');
  const select = step.select === undefined ? undefined : readSelect(step.select, `${here} select`, fault);
  return {
    id,
    tool: name,
    arguments: template(args, 'arguments', loops),
    ...(select === undefined ? {} : { select }),
    ...(forEach === undefined ? {} : { forEach }),
    concurrency: Number(concurrency),
    continueOnError: onError === 'continue',
  };
}

/** Of what stands there, since a reference that was faulty has become nothing. */
function readForEach(raw: Json, template: Template, here: string, fault: Fault): Template {
  const refers = isObject(raw) && Object.hasOwn(raw, '$ref');
  const isList = template.kind === 'list' || (template.kind === 'value' && Array.isArray(template.value));
  if (!refers && !isList) fault(`${here} forEach`, 'must be a list, or a reference to one: {"$ref": "issues.items"}');
  return template;
}

function readSelect(value: Json, place: string, fault: Fault): Path[] {
  const texts = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(texts) || texts.length === 0 || texts.length > maxPaths) {
    fault(place, `must be a list of 1 to ${maxPaths} paths into the result, such as ["total", "items[*].key"]`);
    return [];
  }
  return texts.flatMap((text) => {
    const path = typeof text === 'string' ? parsePath(text) : 'it is no text';
    if (typeof path !== 'string') return [path];
    fault(place, `"${String(text).slice(0, 60)}" is no path: ${path}`);
    return [];
  });
}

function readReturn(value: Json | undefined, groupOf: ReadonlyMap<string, number>, fault: Fault): Set<string> {
  if (value === undefined) return new Set(groupOf.keys());
  if (!Array.isArray(value)) {
    fault('return', 'must be a list of ids of steps');
    return new Set();
  }
  for (const id of value) {
    if (typeof id !== 'string' || !groupOf.has(id))
      fault('return', `no step has the id ${JSON.stringify(id).slice(0, 60)}`);
  }
  return new Set(value.map(String));
}
