/** What is known of a case, and how it came out. */
export interface Case {
  features: readonly number[];
  outcome: 0 | 1;
  weight: number;
}

const ridge = 1e-3;
const rounds = 200;

/**
 * Logistic regression by Newton's method, with a little ridge; no coefficient may be negative, so that more of a feature never
 * speaks against. The last number is the constant.
 */
export function fitLogistic(cases: readonly Case[]): number[] {
  const count = (cases[0]?.features.length ?? 0) + 1;
  const all = cases.reduce((sum, { weight }) => sum + weight, 0);
  let coefficients = new Array<number>(count).fill(0);
  for (let round = 0; round < rounds; round++) {
    const slope = coefficients.map((one, at) => (at === count - 1 ? 0 : ridge * one));
    const bend = slope.map((_, at) => slope.map((_, other) => (at === other ? (at === count - 1 ? 1e-9 : ridge) : 0)));
    for (const { features, outcome, weight } of cases) {
      const row = [...features, 1];
      const p = logistic(dot(row, coefficients));
      for (let a = 0; a < count; a++) {
        slope[a] = (slope[a] ?? 0) + (weight / all) * (p - outcome) * (row[a] ?? 0);
        const line = bend[a] as number[];
        for (let b = 0; b < count; b++)
          line[b] = (line[b] ?? 0) + (weight / all) * p * (1 - p) * (row[a] ?? 0) * (row[b] ?? 0);
      }
    }
    // A coefficient at nought that would go below stays there.
    const free = coefficients.map((one, at) => at === count - 1 || one > 0 || (slope[at] ?? 0) < 0);
    const step = solve(bend, slope, free);
    const next = coefficients.map((one, at) =>
      at === count - 1 ? one - (step[at] ?? 0) : Math.max(0, one - (step[at] ?? 0)),
    );
    const moved = Math.max(...next.map((one, at) => Math.abs(one - (coefficients[at] ?? 0))));
    coefficients = next;
    if (moved < 1e-7) break;
  }
  return coefficients;
}

export const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

export const dot = (some: readonly number[], others: readonly number[]): number =>
  some.reduce((sum, one, at) => sum + one * (others[at] ?? 0), 0);

/** By elimination, in those places that are free; 0 elsewhere. */
function solve(matrix: readonly number[][], right: readonly number[], free: readonly boolean[]): number[] {
  const places = free.flatMap((isFree, at) => (isFree ? [at] : []));
  const rows = places.map((a) => [...places.map((b) => matrix[a]?.[b] ?? 0), right[a] ?? 0]);
  for (const [at, pivot] of rows.entries())
    for (const [other, row] of rows.entries()) {
      if (other === at) continue;
      const factor = (row[at] ?? 0) / (pivot[at] ?? 1);
      for (let column = at; column < row.length; column++)
        row[column] = (row[column] ?? 0) - factor * (pivot[column] ?? 0);
    }
  const solved = new Array<number>(free.length).fill(0);
  for (const [at, place] of places.entries()) solved[place] = (rows[at]?.at(-1) ?? 0) / (rows[at]?.[at] ?? 1);
  return solved;
}
