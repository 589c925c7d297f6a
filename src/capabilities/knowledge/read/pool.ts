import { createPlaces } from '../../../kernel/places.ts';
import type { ReadingChild } from './child.ts';

interface Deps {
  size: number;
  idleMs: number;
  start(): Promise<ReadingChild>;
}

/** So many children at most, started when there is work and ended when there has been none for a while. */
export interface Pool {
  /**
   * Runs the work with a child that nobody else uses, as soon as there is one.
   * @param fresh a child that has not read anything before
   */
  use<T>(work: (child: ReadingChild) => Promise<T>, signal: AbortSignal, fresh?: boolean): Promise<T>;
  /** Kills children at work. Whoever still uses one must have been told by the signal to end. */
  stop(): Promise<void>;
}

export function createPool({ size, idleMs, start }: Deps): Pool {
  const idle: { child: ReadingChild; timer: NodeJS.Timeout }[] = [];
  const busy = new Set<ReadingChild>();
  const uses = new Set<Promise<unknown>>();
  const places = createPlaces(size, Number.POSITIVE_INFINITY);
  let stopped = false;

  const take = async (fresh: boolean): Promise<ReadingChild> => {
    const spare = idle.pop();
    if (!spare) return start();
    clearTimeout(spare.timer);
    if (spare.child.alive && !fresh) return spare.child;
    if (spare.child.alive) void spare.child.end();
    return fresh ? start() : take(fresh);
  };

  const giveBack = (child: ReadingChild): void => {
    if (!child.alive) return;
    if (stopped) return void child.end();
    const timer = setTimeout(() => {
      const at = idle.findIndex((each) => each.child === child);
      if (at >= 0) idle.splice(at, 1);
      void child.end();
    }, idleMs);
    timer.unref();
    idle.push({ child, timer });
  };

  const use: Pool['use'] = (work, signal, fresh = false) =>
    places.run(async () => {
      const child = await take(fresh);
      busy.add(child);
      try {
        return await work(child);
      } finally {
        busy.delete(child);
        giveBack(child);
      }
    }, signal);

  return {
    use(work, signal, fresh) {
      const using = use(work, signal, fresh);
      uses.add(using);
      const forget = () => uses.delete(using);
      using.then(forget, forget);
      return using;
    },
    async stop() {
      stopped = true;
      const spare = idle.splice(0);
      for (const { timer } of spare) clearTimeout(timer);
      await Promise.all([...[...busy].map((child) => child.kill()), ...spare.map(({ child }) => child.end())]);
      await Promise.allSettled(uses); // one may have had its child started meanwhile
    },
  };
}
