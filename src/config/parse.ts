import { z } from 'zod';
import { isObject } from '../kernel/json.ts';
import { at, branchOf, type Fault, type Path, schemaFaults, unwrap } from './faults.ts';
import { asNumber } from './options.ts';
import type { Expanded } from './references.ts';
import { type FileSettings, fileSchema } from './schema.ts';

export interface ParsedFile {
  /** What is sound of it, down to single keys: whatever has a fault is left out, and what cannot be without that. */
  file: FileSettings;
  /** All that it says, sound or not. */
  said: unknown;
  faults: Fault[];
}

/** Checks what the file says against its schema. */
export function parseFile({ value, whole, faults: dangling }: Expanded): ParsedFile {
  let said = value;
  let result = fileSchema.safeParse(said);
  if (!result.success && whole.size > 0) {
    said = withNumbers(said, result.error.issues, whole);
    result = fileSchema.safeParse(said);
  }
  // A reference that leads nowhere leaves an empty text behind; what is wrong with that has been said.
  const known = new Set(dangling.map(({ path }) => JSON.stringify(path)));
  if (result.success && known.size === 0) return { file: result.data, said, faults: [] };
  const faults = result.success ? [] : schemaFaults(fileSchema, result.error.issues, said);
  return {
    file: fileSchema.parse(soundPart(fileSchema, said, known) ?? {}),
    said,
    faults: faults.filter(({ path }) => !known.has(JSON.stringify(path))),
  };
}

function soundPart(schema: z.ZodType, value: unknown, known: ReadonlySet<string>, path: Path = []): unknown {
  if (known.has(JSON.stringify(path))) return undefined;
  const bare = unwrap(schema);
  const meant = bare instanceof z.ZodUnion ? branchOf(bare.options as z.ZodType[], value) : bare;
  const part = (inner: z.ZodType, entry: unknown, step: string | number) =>
    soundPart(inner, entry, known, [...path, step]);
  let rest = value;
  if (isObject(value) && (meant instanceof z.ZodObject || meant instanceof z.ZodRecord)) {
    const innerOf = (key: string): z.ZodType | undefined => {
      if (meant instanceof z.ZodObject) return Object.hasOwn(meant.shape, key) ? meant.shape[key] : undefined;
      return (meant.keyType as z.ZodType).safeParse(key).success ? (meant.valueType as z.ZodType) : undefined;
    };
    const entries = Object.entries(value).map(([key, entry]) => {
      const inner = innerOf(key);
      return [key, inner && part(inner, entry, key)] as const;
    });
    rest = Object.fromEntries(entries.filter(([, entry]) => entry !== undefined));
  } else if (Array.isArray(value) && meant instanceof z.ZodArray) {
    rest = value
      .map((entry, index) => part(meant.element as z.ZodType, entry, index))
      .filter((entry) => entry !== undefined);
  }
  return schema.safeParse(rest).success ? rest : undefined;
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
