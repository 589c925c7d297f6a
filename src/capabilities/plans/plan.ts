import type { Json } from '../../kernel/json.ts';
import type { Path } from './paths.ts';

/** A plan that was checked: nothing in it can fail but its calls and what they give. */
export interface Plan {
  /** One after the other; the steps of one group run at the same time. */
  groups: readonly (readonly Step[])[];
  /** Ids of the steps whose values go back. */
  returned: ReadonlySet<string>;
}

export interface Step {
  id: string;
  tool: string;
  arguments: Template;
  /** Absent: the whole value. */
  select?: readonly Path[];
  /** Absent: one call. */
  forEach?: Template;
  /** How many calls of `forEach` run at once. */
  concurrency: number;
  continueOnError: boolean;
}

/** A place in an earlier step's value, or in the item at hand. */
export interface Reference {
  /** Id of a step, or `item`. */
  from: string;
  path: Path;
  /** As its author wrote it. */
  text: string;
}

/** Arguments as written, with the places where values of earlier steps go. */
export type Template =
  | { kind: 'value'; value: Json }
  | { kind: 'reference'; reference: Reference; fallback?: Json }
  | { kind: 'text'; parts: readonly (string | Reference)[] }
  | { kind: 'list'; items: readonly Template[] }
  | { kind: 'object'; entries: readonly (readonly [string, Template])[] };

/** By this name a step with `forEach` refers to the item at hand. */
export const itemName = 'item';

/** The calls that a step makes for certain. */
export function plannedCalls({ forEach }: Step): number {
  if (!forEach) return 1;
  if (forEach.kind === 'list') return forEach.items.length;
  return forEach.kind === 'value' && Array.isArray(forEach.value) ? forEach.value.length : 0;
}
