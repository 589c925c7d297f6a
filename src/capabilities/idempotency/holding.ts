import type { Db } from '../../platform/db/types.ts';
import type { Holding } from '../../platform/keyring/index.ts';
import { contextOf } from './idempotency.ts';
import { listAnswers, resealAnswer } from './store.ts';

/** The answers that are told again. */
export function keptAnswers(db: Db): Holding {
  return {
    what: 'answers to requests with an idempotency key',
    async renew(renewal) {
      let [renewed, lost] = [0, 0];
      for (let after: Awaited<ReturnType<typeof listAnswers>>[number] | undefined; ; ) {
        const page = await listAnswers(db, after);
        for (const row of page) {
          if (renewal.isCurrent(row.answer)) continue;
          let answer: string | undefined;
          try {
            answer = renewal.again(row.answer, contextOf(row.org, row));
          } catch {
            lost++;
          }
          if (answer === undefined) continue;
          await resealAnswer(db, row.org, row, answer);
          renewed++;
        }
        after = page.at(-1);
        if (!after) return { renewed, lost };
      }
    },
  };
}
