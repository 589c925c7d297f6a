import { PlanTooMuchData } from './errors.ts';

/** The bounds of one plan. */
export interface PlanLimits {
  /** Calls in all, those of `forEach` included. */
  maxCalls: number;
  /** Calls that run at once. */
  width: number;
  /** Without the time that its caller takes to answer questions. */
  timeMs: number;
  /** Of one call's result. */
  maxTakenBytes: number;
  /** Of the arguments of one call, references put in. */
  maxArgumentBytes: number;
  /** Of all values that go back to the caller. */
  maxReturnedBytes: number;
  /** List items that references and selections look at, in all: what they cost grows with nothing else. */
  maxVisits: number;
}

export const defaultLimits: PlanLimits = {
  maxCalls: 20,
  width: 8,
  timeMs: 60_000,
  maxTakenBytes: 1024 * 1024,
  maxArgumentBytes: 1024 * 1024,
  maxReturnedBytes: 256 * 1024,
  maxVisits: 2_000_000,
};

/** Takes note of list items looked at; throws `PlanTooMuchData`. */
export type Meter = (visits: number) => void;

export function createMeter(max: number): Meter {
  let spent = 0;
  return (visits) => {
    spent += visits;
    if (spent > max) throw PlanTooMuchData({ max });
  };
}

/** The bytes of a value's JSON text, or more than `max` as soon as it is known to be larger. */
export function jsonBytes(value: unknown, max: number): number {
  if (typeof value === 'string') {
    // A text has at least a byte for each UTF-16 unit: none longer than the bound is looked at.
    return value.length > max ? value.length : Buffer.byteLength(JSON.stringify(value));
  }
  if (typeof value !== 'object' || value === null) return String(value).length;
  let bytes = 2;
  const entries = Array.isArray(value) ? value : Object.entries(value);
  for (const entry of entries) {
    const [key, inner] = Array.isArray(value) ? [undefined, entry] : entry;
    bytes += 1 + (key === undefined ? 0 : 1 + jsonBytes(key, max)) + jsonBytes(inner, max - bytes);
    if (bytes > max) return bytes;
  }
  return bytes;
}
