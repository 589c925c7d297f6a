import type { Clock } from '../../../kernel/clock.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import type { Answer, Asker, Question } from '../query/query.ts';
import { createEvaluations } from './evaluation/evaluations.ts';
import { purgeEvaluations } from './evaluation/store.ts';
import { createFeedback } from './feedback/feedback.ts';
import { purgeFeedback } from './feedback/store.ts';
import { createGaps } from './gaps/gaps.ts';
import { purgeGaps } from './gaps/store.ts';
import { createReports } from './report/report.ts';

export interface QualityDeps {
  db: Db;
  clock: Clock;
  log: Log;
  /** Asks without being watched. */
  query(asker: Asker, question: Question): Promise<Answer>;
  /** Told of every answer, for figures. */
  answered(answer: { confidence: number; answerable: boolean; passages: number }): void;
  /** The source of documents that were sent in. */
  sentIn: string;
}

/** How good the answers are: measured by questions of the team's, and seen in what agents ask and say. */
export function createQuality({ db, clock, log, query, answered, sentIn }: QualityDeps) {
  const gaps = createGaps({ db, clock, log });
  const feedback = createFeedback({ db, clock });
  return {
    evaluations: createEvaluations({ db, clock, query }),
    gaps: { list: gaps.list, dismiss: gaps.dismiss },
    reports: createReports({ db, clock, sentIn }),
    vote: feedback.vote,
    /** For every question that was answered; costs it next to nothing. */
    answered({ org }: Asker, question: Question, { answerable, confidence, passages }: Answer): void {
      answered({ answerable, confidence, passages: passages.length });
      // Who asks for what is new or in one folder may find nothing where there is something.
      if (answerable || Object.keys(question.filters ?? {}).length > 0) return;
      gaps.note(org, { query: question.query, collections: question.collections ?? [], confidence });
    },
    start: gaps.start,
    stop: gaps.stop,
  };
}

export type Quality = ReturnType<typeof createQuality>;

/** Removes everything of one organisation, or what belongs to one of its collections. */
export async function purgeQuality(db: Db, org: OrgId, collection?: number): Promise<void> {
  await purgeFeedback(db, org, collection);
  if (collection !== undefined) return;
  await purgeGaps(db, org);
  await purgeEvaluations(db, org);
}
