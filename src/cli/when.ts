const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** How far a moment is from now, short enough for a column: `3 h ago`, `in 30 d`, `now`, or `never` where there is none. */
export function fromNow(ms: unknown, now: number): string {
  if (typeof ms !== 'number') return 'never';
  const distance = Math.abs(ms - now);
  const [unit, length] = units.find(([, length]) => distance >= length) ?? ['s', 1_000];
  const count = Math.round(distance / length);
  if (count === 0) return 'now';
  return ms < now ? `${count} ${unit} ago` : `in ${count} ${unit}`;
}
