/** One measured thing: what every round gave, and what was hoped for. */
export interface Figure {
  what: string;
  rounds: readonly number[];
  unit: string;
  /** After the point, where the usual ones say too little. */
  digits?: number | undefined;
  /** Goal as people read it, such as `50 ms`. */
  goal?: string | undefined;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? Number.NaN) + (sorted[(sorted.length - 1) >> 1] ?? Number.NaN)) / 2;
}

/** The value below which `percent` of the values lie. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

/** Prints the median of each, its range over the rounds, and the goal beside it. */
export function report(title: string, figures: readonly Figure[]): void {
  const lines = figures.map(({ what, rounds, unit, digits, goal = '' }) => [
    what,
    `${digits === undefined ? short(median(rounds)) : median(rounds).toFixed(digits)} ${unit}`,
    rounds.length > 1 ? `${short(Math.min(...rounds))} to ${short(Math.max(...rounds))}` : '',
    goal,
  ]);
  const table = [['', 'median', 'range', 'goal'], ...lines];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  console.log(`\n${title}`);
  for (const line of table)
    console.log(`  ${line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd());
}

export function short(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A whole number from the environment, for longer or shorter runs. */
export function setting(name: string, otherwise: number): number {
  return Number(process.env[name] ?? otherwise);
}
