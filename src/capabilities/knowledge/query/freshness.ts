import type { Clock } from '../../../kernel/clock.ts';
import type { Asker, createQueries, Question } from './query.ts';

const unitsMs = { day: 86_400_000, hour: 3_600_000, minute: 60_000 };

/**
 * Where only documents that were seen lately count: how old the nearest of the others is, if it fits better than what was
 * found; otherwise nothing.
 */
export async function staleAdvice(
  asked: Question,
  confidence: number,
  asker: Asker,
  { unwatched, clock }: { unwatched: Pick<ReturnType<typeof createQueries>, 'query'>; clock: Clock },
  signal: AbortSignal,
): Promise<string> {
  if (!asked.filters?.confirmedSince) return '';
  const { confirmedSince: _, ...filters } = asked.filters;
  const older = await unwatched.query(asker, { ...asked, filters, limit: 1 }, signal);
  const [nearest] = older.passages;
  if (!nearest || older.confidence <= confidence) return '';
  const age = inWords(clock.now() - nearest.confirmedAt);
  return `What fits best (passage ${nearest.id} of the collection ${nearest.collection}) was last seen to be current ${age} ago, which is longer than min_freshness allows: ask without it to get that, and say how old it is. `;
}

function inWords(ms: number): string {
  const [unit, length] =
    Object.entries(unitsMs).find(([, each]) => ms >= each) ?? (['minute', unitsMs.minute] as const);
  const count = Math.max(1, Math.round(ms / length));
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
