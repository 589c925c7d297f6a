/** Deepest nesting taken from an upstream: what goes deeper would break whoever walks through it later. */
export const maxDepth = 128;

/** Whether arrays and objects are nested more than `levels` deep. Stops as soon as it knows. */
export function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => nestsDeeperThan(inner, levels - 1));
}
