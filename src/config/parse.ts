import { isObject } from '../kernel/json.ts';
import { at, type Fault, schemaFaults } from './faults.ts';
import { asNumber } from './options.ts';
import type { Expanded } from './references.ts';
import { type FileSettings, fileSchema } from './schema.ts';

/** Checks what the file says against its schema. Of a faulty file, the sections without a fault are still there. */
export function parseFile({ value, whole }: Expanded): { file: FileSettings; faults: Fault[] } {
  let input = value;
  let result = fileSchema.safeParse(input);
  if (!result.success && whole.size > 0) {
    input = withNumbers(input, result.error.issues, whole);
    result = fileSchema.safeParse(input);
  }
  if (result.success) return { file: result.data, faults: [] };
  return { file: soundParts(input), faults: schemaFaults(fileSchema, result.error.issues, input) };
}

// So that what is wrong between sound sections is reported together with the faulty one.
function soundParts(input: unknown): FileSettings {
  if (!isObject(input)) return fileSchema.parse({});
  const sound = Object.entries(fileSchema.shape).filter(
    ([key, schema]) => Object.hasOwn(input, key) && schema.safeParse(input[key]).success,
  );
  return fileSchema.parse(Object.fromEntries(sound.map(([key]) => [key, input[key]])));
}

// `port: ${env:PORT}` is text where a number is wanted.
function withNumbers(
  value: unknown,
  issues: readonly { code: string; path: readonly PropertyKey[]; expected?: unknown; errors?: unknown }[],
  whole: ReadonlySet<string>,
): unknown {
  const copy = structuredClone(value);
  for (const issue of flatten(issues)) {
    if (issue.code !== 'invalid_type' || !whole.has(JSON.stringify(issue.path))) continue;
    const parent = at(copy, issue.path.slice(0, -1) as (string | number)[]);
    const key = issue.path.at(-1);
    if (typeof parent !== 'object' || parent === null || key === undefined) continue;
    const text: unknown = Reflect.get(parent, key);
    if (typeof text !== 'string') continue;
    const typed = issue.expected === 'boolean' ? { true: true, false: false }[text] : asNumber(text);
    if (typed !== undefined) Reflect.set(parent, key, typed);
  }
  return copy;
}

type AnyIssue = { code: string; path: readonly PropertyKey[]; expected?: unknown; errors?: unknown };

function flatten(issues: readonly AnyIssue[], base: readonly PropertyKey[] = []): AnyIssue[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path];
    const branches = Array.isArray(issue.errors) ? (issue.errors as AnyIssue[][]) : [];
    return [{ ...issue, path }, ...branches.flatMap((branch) => flatten(branch, path))];
  });
}
