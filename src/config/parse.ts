import { at, type Fault, schemaFaults } from './faults.ts';
import { asNumber } from './options.ts';
import type { Expanded } from './references.ts';
import { type FileSettings, fileSchema } from './schema.ts';

const emptyFile: FileSettings = fileSchema.parse({});

/** Checks what the file says against its schema. With faults, the settings are those of an empty file. */
export function parseFile({ value, whole }: Expanded): { file: FileSettings; faults: Fault[] } {
  let input = value;
  let result = fileSchema.safeParse(input);
  if (!result.success && whole.size > 0) {
    input = withNumbers(input, result.error.issues, whole);
    result = fileSchema.safeParse(input);
  }
  if (result.success) return { file: result.data, faults: [] };
  return { file: emptyFile, faults: schemaFaults(fileSchema, result.error.issues, input) };
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
