import type { Clock } from '../../../../kernel/clock.ts';
import { NotFound } from '../../../../kernel/errors.ts';
import { newId } from '../../../../kernel/ids.ts';
import type { Db } from '../../../../platform/db/types.ts';
import type { Answer, Asker, Question } from '../../query/query.ts';
import { type Figures, figuresOf, isDocument, judge } from './judge.ts';
import { type EvaluationInput, type EvaluationQuestion, keyOf, wantsNothing } from './questions.ts';
import {
  addEvaluation,
  type DocumentName,
  documentsNamed,
  type Evaluation,
  evaluationBefore,
  type KeptFigures,
  listEvaluations,
  namesOf,
  type Outcome,
  readEvaluation,
} from './store.ts';

/** A question that was not answered as it should be, with what came instead. */
export interface Miss extends Omit<Outcome, 'found'> {
  found: DocumentName[];
}

/** What is otherwise than the last time, by the keys of questions. */
export interface Change {
  since: number;
  newlyRight: string[];
  newlyWrong: string[];
  /** Questions that were not asked then, and that are not asked any more. */
  added: number;
  gone: number;
  before: Figures;
}

export interface EvaluationReport {
  id: string;
  name: string;
  at: number;
  madeBy: string;
  figures: KeptFigures;
  misses: Miss[];
  change?: Change;
}

export type EvaluationSummary = Omit<Evaluation, 'outcomes'>;

const mostOfName = 20;
const mostListed = 500;
/** Documents that are told of a question that missed. */
const shownFound = 3;

/** @param deps.query asks without leaving a trace: what is measured is no question of anybody's */
export function createEvaluations(deps: {
  db: Db;
  clock: Clock;
  query(asker: Asker, question: Question): Promise<Answer>;
}) {
  const { db, clock, query } = deps;

  const outcomeOf = async (
    asker: Asker,
    input: EvaluationInput,
    question: EvaluationQuestion,
    known: DocumentName[],
  ) => {
    const { question: asked, collections, expect = [], tags = [] } = question;
    const { limit, maxTokens } = input;
    const answer = await query(asker, { query: asked, limit, maxTokens, ...(collections ? { collections } : {}) });
    const wanted = !wantsNothing(question);
    const meant = wanted ? known.filter((one) => expect.some((name) => isDocument(one, name))) : [];
    return {
      ...{ key: keyOf(question), question: asked, expect, tags, wanted },
      collections: [...new Set(collections ?? meant.map(({ collection }) => collection))],
      ...{ answerable: answer.answerable, confidence: rounded(answer.confidence) },
      ...judge(question, answer),
      found: [...new Set(answer.passages.map(({ document }) => document))].slice(0, shownFound),
      absent: wanted ? expect.filter((name) => !meant.some((one) => isDocument(one, name))) : [],
    } satisfies Outcome;
  };

  /** Names of documents are found anew for whoever reads: it may be somebody else, or rights have changed. */
  const reportOf = async ({ org, subjects }: Asker, one: Evaluation): Promise<EvaluationReport> => {
    const { outcomes, ...about } = one;
    const wrong = outcomes.filter(({ right }) => !right);
    const names = await namesOf(db, org, subjects, [...new Set(wrong.flatMap(({ found }) => found))]);
    const byId = new Map(names.map((name) => [name.document, name]));
    const before = await evaluationBefore(db, org, one.name, one);
    return {
      ...about,
      misses: wrong.map((outcome) => ({ ...outcome, found: outcome.found.flatMap((id) => byId.get(id) ?? []) })),
      ...(before ? { change: changeSince(before, outcomes) } : {}),
    };
  };

  return {
    /**
     * Asks every question as this caller, and keeps what came of it.
     * @param how.permit throws where the caller may not ask this
     * @throws UnknownCollection
     */
    async run(
      asker: Asker,
      madeBy: string,
      input: EvaluationInput,
      { signal, permit }: { signal: AbortSignal; permit(question: EvaluationQuestion): void },
    ): Promise<EvaluationReport> {
      for (const question of input.questions) permit(question);
      const names = [...new Set(input.questions.flatMap((one) => (wantsNothing(one) ? [] : (one.expect ?? []))))];
      const known = await documentsNamed(db, asker.org, asker.subjects, names);
      const outcomes: Outcome[] = [];
      for (const question of input.questions) {
        signal.throwIfAborted();
        outcomes.push(await outcomeOf(asker, input, question, known));
      }
      const at = clock.now();
      const figures = {
        all: figuresOf(outcomes),
        tags: grouped(outcomes, ({ tags }) => tags),
        collections: grouped(outcomes, ({ collections }) => collections),
      };
      const one = { id: newId('evaluation', at), name: input.name, at, madeBy, figures, outcomes };
      await addEvaluation(db, asker.org, one, mostOfName);
      return await reportOf(asker, one);
    },
    /** Newest first. */
    list: async ({ org }: Asker, name?: string): Promise<EvaluationSummary[]> =>
      await listEvaluations(db, org, name, mostListed),
    /** @throws NotFound */
    async find(asker: Asker, id: string): Promise<EvaluationReport> {
      const one = await readEvaluation(db, asker.org, id);
      if (!one) throw NotFound({ what: 'evaluation', id: id.slice(0, 100) });
      return await reportOf(asker, one);
    },
  };
}

export type Evaluations = ReturnType<typeof createEvaluations>;

function grouped(outcomes: readonly Outcome[], groupsOf: (one: Outcome) => string[]): Record<string, Figures> {
  const groups = Map.groupBy(
    outcomes.flatMap((outcome) => groupsOf(outcome).map((group) => ({ group, outcome }))),
    ({ group }) => group,
  );
  const figures = [...groups].map(([group, of]) => [group, figuresOf(of.map(({ outcome }) => outcome))] as const);
  return Object.fromEntries(figures.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function changeSince(before: Evaluation, outcomes: readonly Outcome[]): Change {
  const then = new Map(before.outcomes.map(({ key, right }) => [key, right]));
  const now = new Set(outcomes.map(({ key }) => key));
  const turned = (right: boolean) =>
    outcomes.filter((one) => one.right === right && then.get(one.key) === !right).map(({ key }) => key);
  return {
    since: before.at,
    ...{ newlyRight: turned(true), newlyWrong: turned(false) },
    added: outcomes.filter(({ key }) => !then.has(key)).length,
    gone: before.outcomes.filter(({ key }) => !now.has(key)).length,
    before: before.figures.all,
  };
}

const rounded = (share: number) => Math.round(share * 1000) / 1000;
