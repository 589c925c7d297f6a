import { type Figure, percentile, setting } from '../figures.ts';
import { bytesOf, type SearchedWorld } from './world.ts';

const rounds = setting('BENCH_ROUNDS', 3);

/** One question after the other, in rounds, after one that is not counted. */
export async function speedFigures(
  name: string,
  find: (query: string) => Promise<unknown>,
  queries: readonly string[],
  goal?: string,
): Promise<Figure[]> {
  const p50: number[] = [];
  const p99: number[] = [];
  const rate: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const times: number[] = [];
    for (const query of queries) {
      const startedAt = performance.now();
      await find(query);
      times.push(performance.now() - startedAt);
    }
    if (round === 0) continue; // the first searches pay for compiling
    p50.push(percentile(times, 50));
    p99.push(percentile(times, 99));
    rate.push((queries.length * 1_000) / times.reduce((sum, one) => sum + one, 0));
  }
  return [
    { what: `${name}: one after the other`, rounds: rate, unit: 'queries/s' },
    { what: `${name}: p50`, rounds: p50, unit: 'ms', goal },
    { what: `${name}: p99`, rounds: p99, unit: 'ms' },
  ];
}

export async function sizeFigures({ database }: SearchedWorld, passages: number): Promise<Figure[]> {
  const index = await bytesOf(database, 'knowledge_(lexemes|postings|terms|lexical_totals)');
  return [
    { what: 'passages', rounds: [passages], unit: '', digits: 0 },
    { what: 'index of words', rounds: [index / 2 ** 20], unit: 'MiB' },
  ];
}
