import { report, setting } from '../figures.ts';
import { openStorage } from '../storage.ts';
import { indexed } from './indexed.ts';
import { madeOf, questionsOf } from './synthetic.ts';
import { sizeFigures, speedFigures } from './timing.ts';
import { ways } from './ways.ts';
import { type Place, shownPlace } from './world.ts';

/** Each way among so many chunks of real text. */
export async function measureSpeed(count: number, place: Place): Promise<void> {
  const storage = await openStorage(place.base);
  try {
    const entries = madeOf(count);
    const world = await indexed(storage.database, entries, place.encrypted);
    const figures = await sizeFigures(world, count);
    figures.push({ what: 'ingestion into the index', rounds: [(count * 1_000) / world.ingestMs], unit: 'chunks/s' });
    const questions = questionsOf(entries, setting('BENCH_TIMES', 200));
    for (const way of ways) {
      if (!way.speedGoalMs) continue; // seconds each, and nobody waits for it
      await way.prepare?.(world);
      const goalMs = way.speedGoalMs[place.kind];
      const goal = Number.isNaN(goalMs) ? undefined : `${goalMs} ms`;
      figures.push(...(await speedFigures(way.name, (query) => way.find(world, query, 10), questions, goal)));
    }
    report(`${count} chunks ${shownPlace(place)}, ${questions.length} questions`, figures);
  } finally {
    await storage.stop();
  }
}
