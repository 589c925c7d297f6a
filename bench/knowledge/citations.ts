import { judgeCases } from '../../test/citations/judge.ts';
import { report } from '../figures.ts';
import { openStorage } from '../storage.ts';

/** What the check of citations is worth, by which rules were chosen and on what was set aside; with what is judged wrongly. */
export async function measureCitations(): Promise<void> {
  const storage = await openStorage();
  try {
    for (const half of ['chosen', 'held'] as const) {
      const { cases, precision, recall, caught, wrong } = await judgeCases(storage.database.db, half);
      report(`Citations: ${cases} sentences, ${half === 'chosen' ? 'by which the rules were chosen' : 'set aside'}`, [
        { what: 'of what is let through, true', rounds: [precision], unit: '', digits: 3 },
        { what: 'of what is true, let through', rounds: [recall], unit: '', digits: 3 },
        { what: 'of what is false, dropped', rounds: [caught], unit: '', digits: 3 },
      ]);
      for (const each of wrong) console.log(`  ${each}`);
    }
  } finally {
    await storage.stop();
  }
}
