import { queryObjects } from 'node:v8';

const Timer = setTimeout(() => {}, 0).constructor;

/** How many timers of so many milliseconds are set in this process, those too that do not keep it alive. */
export function timersOf(ms: number): number {
  const all = queryObjects(Timer, { format: 'summary' }) as string[];
  return all.filter((text) => text.includes(`_idleTimeout: ${ms},`) && !/_idlePrev: null|_destroyed: true/.test(text))
    .length;
}
