import { canonicalJson } from '../kernel/digest.ts';
import type { Settings } from './schema.ts';

/** What every composition of the server hands on to its parts at run time. */
export const liveSettings: readonly (keyof Settings)[] = ['upstreams', 'endpoints', 'logLevel'];

export interface SettingsDiff {
  live: string[];
  restart: string[];
}

/**
 * Keys that differ, those of upstreams and endpoints one by one (`upstreams.files`), in alphabetical order: what takes
 * effect at once, and what waits for a restart.
 *
 * @param live keys that the caller does hand on; the others count as waiting
 */
export function diffSettings(before: Settings, after: Settings, live = liveSettings): SettingsDiff {
  const diff: SettingsDiff = { live: [], restart: [] };
  for (const key of keysOf(before, after)) {
    const [old, now] = [before[key], after[key]];
    if (same(old, now)) continue;
    const names =
      key === 'upstreams' || key === 'endpoints'
        ? keysOf(before[key], after[key])
            .filter((name) => !same(before[key][name], after[key][name]))
            .map((name) => `${key}.${name}`)
        : [key];
    (live.includes(key) ? diff.live : diff.restart).push(...names);
  }
  return diff;
}

function keysOf<T extends object>(a: T, b: T): (keyof T & string)[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort() as (keyof T & string)[];
}

function same(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
