import { setTimeout as pause } from 'node:timers/promises';
import type { Run } from './store.ts';

/** A pass over a source, as far as it is. */
export type Followed = Pick<Run, 'source' | 'state' | 'counts'> & { reason?: string };

export interface FollowOptions {
  sources: readonly string[];
  /** The latest run of each source. */
  latest(): Promise<readonly Run[]>;
  /** Has every source read that is not being read. */
  begin(): void;
  report(passes: readonly Followed[]): void;
  /** Ends the watching, never the passes. */
  signal: AbortSignal;
  /** So long it is watched at most. */
  forMs: number;
}

const lookMs = 400;

/** Begins passes, or joins those that are under way, and watches them until all are over or the time is. */
export async function followPass(options: FollowOptions): Promise<{ over: boolean; passes: Followed[] }> {
  const { sources, latest, begin, report, signal, forMs } = options;
  const untilMs = performance.now() + forMs;
  const earlier = new Set((await latest()).filter(({ state }) => state !== 'running').map(({ id }) => id));
  begin();
  for (;;) {
    const runs = (await latest()).filter(({ id, source }) => sources.includes(source) && !earlier.has(id));
    const passes = runs.map(({ source, state, counts, reason }) => ({
      ...{ source, state, counts },
      ...(reason === undefined ? {} : { reason }),
    }));
    const over = passes.length === sources.length && passes.every(({ state }) => state !== 'running');
    report(passes);
    const leftMs = untilMs - performance.now();
    if (over || leftMs <= 0) return { over, passes };
    await pause(Math.min(lookMs, leftMs), undefined, { signal });
  }
}

/** All passes together, for one line or one bar. */
export function sumOf(passes: readonly Followed[]): { progress: number; total?: number; message: string } {
  const sum = (name: keyof Run['counts']) => passes.reduce((all, { counts }) => all + (counts[name] ?? 0), 0);
  const told = (['added', 'changed', 'removed', 'failed'] as const).map((name) => `${sum(name)} ${name}`);
  const total = passes.every(({ counts }) => counts.expected !== undefined) ? sum('expected') : 0;
  const seen = sum('seen');
  return {
    progress: seen,
    ...(total >= seen && total > 0 ? { total } : {}),
    message: passes.length === 0 ? 'waiting for a place' : [`${seen} seen`, ...told].join(', '),
  };
}
