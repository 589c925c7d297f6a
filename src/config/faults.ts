import { z } from 'zod';
import { isObject } from '../kernel/json.ts';

export type Path = readonly (string | number)[];

/** One thing that is wrong. The text never holds a value that was read, since any of them may be a secret. */
export interface Fault {
  path: Path;
  line?: number | undefined;
  text: string;
}

export function renderFault({ path, line, text }: Fault, file: string): string {
  const where = path.length > 0 ? renderPath(path) : file;
  return `${where}${line === undefined ? '' : ` (line ${line})`}: ${text}`;
}

export function renderPath(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${shortKey(step)}`))
    .join('');
}

/** A key as it may be shown: keys are no secrets, but a file with a wrong indent can turn a value into one. */
export function shortKey(key: string): string {
  const isName = /^[\w.@/+-]{1,60}$/.test(key) && !looksMade(key);
  return isName ? key : `<key of ${key.length} characters>`;
}

/** Names are words; what a machine made is long, of letters and digits in no order. */
function looksMade(key: string): boolean {
  return key.split(/[._@/+-]/).some((part) => part.length >= 20 && (part.match(/\d+/g)?.length ?? 0) >= 3);
}

/** What zod found, in words of ours: its messages are made for developers and some name what they saw. */
export function schemaFaults(
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  base: Path = [],
): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const inner = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    const path = [...base, ...inner];
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => ({
          path: [...path, key],
          text: `is not a known key${didYouMean(key, keysOf(schemaAt(schema, inner, value), at(value, inner)))}`,
        }));
      case 'invalid_union':
        return unionFaults(schema, issue, inner, value, base);
      case 'invalid_key':
        return [
          { path, text: `is not a good name: it ${issue.issues.map((reason) => reason.message).join(', ')}` },
          ...faultsBehindName(schema, inner, value, path), // zod stops at the name
        ];
      default:
        return [{ path, text: issueText(issue, at(value, inner)) }];
    }
  });
}

function faultsBehindName(schema: z.ZodType, inner: Path, value: unknown, path: Path): Fault[] {
  const behind = schemaAt(schema, inner, value);
  const parsed = behind?.safeParse(at(value, inner));
  return behind && parsed?.success === false ? schemaFaults(behind, parsed.error.issues, at(value, inner), path) : [];
}

function issueText(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined ? 'is missing' : `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must ${sizeVerb(issue.origin)} ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${sizeUnit(issue.origin)}`;
    case 'too_big':
      return `must ${sizeVerb(issue.origin)} at most ${issue.maximum}${sizeUnit(issue.origin)}`;
    case 'invalid_format':
    case 'custom':
      return issue.message;
    default:
      return 'is not valid';
  }
}

const typeNames: Record<string, string> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
};

function sizeVerb(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'have' : 'be';
}

function sizeUnit(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
}

// A union reports the faults of every branch; only those of the one that was meant help.
function unionFaults(
  schema: z.ZodType,
  issue: z.core.$ZodIssueInvalidUnion,
  inner: Path,
  value: unknown,
  base: Path,
): Fault[] {
  const path = [...base, ...inner];
  const target = schemaAt(schema, inner, value);
  const options = target instanceof z.ZodUnion ? (target.options as z.ZodType[]) : [];
  const chosen = options.indexOf(branchOf(options, at(value, inner)) as z.ZodType);
  const branch = issue.errors[chosen];
  const option = options[chosen];
  if (branch && option) return schemaFaults(option, branch, at(value, inner), path);
  if (options.some((each) => each instanceof z.ZodObject)) {
    const marks = options.map((each) => firstRequired(each)).filter((name) => name !== undefined);
    const faults = faultsOfEach(options, issue.errors, at(value, inner), path);
    if (isObject(at(value, inner))) return [{ path, text: `needs one of ${marks.join(', ')}` }, ...faults];
    return faults.length > 0 ? faults : [{ path, text: 'must be text or a mapping of keys to values' }];
  }
  return [{ path, text: 'must be text or a list of texts' }];
}

/** What is wrong whichever branch was meant. */
function faultsOfEach(
  options: readonly z.ZodType[],
  errors: readonly (readonly z.core.$ZodIssue[])[],
  value: unknown,
  path: Path,
): Fault[] {
  const keys = options.flatMap((option) => keysOf(unwrap(option), value));
  const strangers = isObject(value) ? Object.keys(value).filter((key) => !keys.includes(key)) : [];
  const [first = [], ...others] = options.map((option, index) => {
    const issues = errors[index]?.filter((issue) => issue.code !== 'unrecognized_keys' || issue.path.length > 0) ?? [];
    return schemaFaults(option, issues, value, path);
  });
  const same = (fault: Fault) => (other: Fault) => renderFault(other, '') === renderFault(fault, '');
  return [
    ...strangers.map((key) => ({ path: [...path, key], text: `is not a known key${didYouMean(key, keys)}` })),
    ...first.filter((fault) => others.every((each) => each.some(same(fault)))),
  ];
}

/**
 * The branch of a union that a value was meant for: the one whose first required key it has, the only one for a mapping, or
 * whose type fits.
 */
export function branchOf(options: readonly z.ZodType[], value: unknown): z.ZodType | undefined {
  const [only, ...others] = options.filter((option) => unwrap(option) instanceof z.ZodObject);
  if (isObject(value) && others.length === 0) return only;
  return options.find((option) => {
    const bare = unwrap(option);
    if (bare instanceof z.ZodObject) return isObject(value) && (firstRequired(bare) ?? '') in value;
    if (bare instanceof z.ZodArray) return Array.isArray(value);
    return bare instanceof z.ZodString && typeof value === 'string';
  });
}

function firstRequired(schema: z.ZodType): string | undefined {
  const bare = unwrap(schema);
  if (!(bare instanceof z.ZodObject)) return undefined;
  return Object.keys(bare.shape).find((key) => {
    const field: z.ZodType = bare.shape[key];
    return !field.safeParse(undefined).success;
  });
}

/** The schema that stands at a path; undefined where the path leaves it. */
export function schemaAt(schema: z.ZodType, path: Path, value: unknown): z.ZodType | undefined {
  let here: z.ZodType | undefined = unwrap(schema);
  for (const [index, step] of path.entries()) {
    if (here instanceof z.ZodUnion) here = branchOf(here.options as z.ZodType[], at(value, path.slice(0, index)));
    here = here && unwrap(here);
    if (here instanceof z.ZodObject) here = here.shape[step];
    else if (here instanceof z.ZodRecord) here = here.valueType as z.ZodType;
    else if (here instanceof z.ZodArray) here = here.element as z.ZodType;
    else return undefined;
    here = here && unwrap(here);
  }
  return here;
}

export function unwrap(schema: z.ZodType): z.ZodType {
  let bare = schema;
  while (bare instanceof z.ZodOptional || bare instanceof z.ZodDefault || bare instanceof z.ZodPrefault) {
    bare = bare.unwrap() as z.ZodType;
  }
  return bare;
}

function keysOf(schema: z.ZodType | undefined, value: unknown): string[] {
  const branch = schema instanceof z.ZodUnion ? branchOf(schema.options as z.ZodType[], value) : schema;
  return branch instanceof z.ZodObject ? Object.keys(branch.shape) : [];
}

export function at(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}

/** `; did you mean "x"?`, or nothing when no name is near enough. */
export function didYouMean(name: string, known: readonly string[]): string {
  const limit = Math.max(1, Math.floor(name.length / 3));
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= limit && (!best || distance < best.distance)) best = { name: candidate, distance };
  }
  return best ? `; did you mean "${best.name}"?` : '';
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8 || a.length > 64) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
