import { join } from 'node:path';
import { confidenceOf, evidenceOf, nearnessOf } from '../../../src/capabilities/knowledge/query/confidence.ts';
import { searchSettings } from '../../../src/config/search-schema.ts';
import { openStorage } from '../../storage.ts';
import { askWorld, type Model, type Sample } from './ask.ts';
import { dot, fitLogistic, logistic } from './fit.ts';
import { judgedWorld } from './judged.ts';
import { readmeWorlds } from './readmes.ts';
import { abstention, auc, brier, ece, reliability, type Said } from './reliability.ts';
import type { World } from './worlds.ts';
import { writtenWorld } from './written.ts';

const root = join(import.meta.dirname, '../../..');
const questions = join(root, 'bench/knowledge/questions');
/** The passage that is taken for the answer depends on the coefficients, and they on it. */
const fitRounds = 12;

export interface ConfidenceOptions {
  /** A folder of the BEIR benchmark, as one more kind. */
  beir?: string | undefined;
  /** Fits the coefficients anew, and prints them. */
  fit: boolean;
  models: readonly Model[];
  base: string;
}

/** How far confidence can be believed: by kind of question, and apart for those that had no say in the coefficients. */
export async function measureConfidence({ beir, fit, models, base }: ConfidenceOptions): Promise<void> {
  const storage = await openStorage(base);
  try {
    const samples: Sample[] = [];
    for (const world of await allWorlds(beir)) {
      // The models are of English.
      const isKnown = world.entries[0]?.language === 'english';
      samples.push(...(await askWorld(storage.database.db, world, isKnown ? models : [])));
    }
    for (const way of new Set(samples.map((one) => one.way))) {
      const own = samples.filter((one) => one.way === way);
      if (fit) printFit(way, own);
      for (const isHeldOut of [false, true])
        printFigures(
          `${way}, ${isHeldOut ? 'held out' : 'open to the fit'}`,
          own.filter((one) => one.isHeldOut === isHeldOut),
        );
    }
  } finally {
    await storage.stop();
  }
}

export async function allWorlds(beir: string | undefined): Promise<World[]> {
  const readmes = await readmeWorlds();
  const foreign = readmes.find(({ name }) => name.startsWith('50'))?.questions.slice(0, 60) ?? [];
  const written = (
    kind: string,
    file: string,
    folder: string,
    pattern: string,
    language: 'english' | 'german' | 'french',
  ) => writtenWorld(kind, join(questions, file), join(root, folder), pattern, language);
  return [
    await written('docs', 'docs.txt', 'docs', '{how-to,adr}/*.md', 'english'),
    await written('german', 'betrieb.txt', 'bench/knowledge/questions/betrieb', '*.md', 'german'),
    await written('french', 'exploitation.txt', 'bench/knowledge/questions/exploitation', '*.md', 'french'),
    ...(beir === undefined
      ? []
      : [
          judgedWorld(
            beir,
            foreign.map(({ text }) => text),
          ),
        ]),
    ...readmes,
  ];
}

/** Every kind counts alike, and in it what was answered and what was not: so none decides by its number. */
function weighted<T extends Sample>(samples: readonly T[]): (sample: T) => number {
  const keyOf = ({ kind, isAnswered }: Sample) => `${kind} ${isAnswered}`;
  const counts = new Map<string, number>();
  for (const one of samples) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1);
  return (sample) => 1 / (counts.get(keyOf(sample)) ?? 1);
}

function printFit(way: string, samples: readonly Sample[]): void {
  const open = samples.filter(({ isHeldOut, hits }) => !isHeldOut && hits.length > 0);
  const weightOf = weighted(open);
  const rows = open.map((sample) => ({
    sample,
    hits: sample.hits.map(({ words, meaning }) => evidenceOf(words?.features, meaning)),
  }));
  let chosen = rows.map(() => 0);
  let coefficients: number[] = [];
  for (let round = 0; round < fitRounds; round++) {
    coefficients = fitLogistic(
      rows.map(({ sample, hits }, at) => ({
        features: hits[chosen[at] ?? 0] ?? [],
        outcome: sample.isAnswered ? 1 : 0,
        weight: weightOf(sample),
      })),
    );
    const next = rows.map(({ hits }) => {
      const worth = hits.map((hit) => logistic(dot([...hit, 1], coefficients)));
      return worth.indexOf(Math.max(...worth));
    });
    if (next.every((one, at) => one === chosen[at])) break;
    chosen = next;
  }
  console.log(`\nfitted to ${open.length} questions, ${way}: ${shown(coefficients)}`);
  if (way !== 'words') console.log(`by nearness alone: ${shown(fitNearness(open, weightOf))}`);
}

const shown = (coefficients: readonly number[]): string => coefficients.map((one) => one.toFixed(2)).join(', ');

/** Of questions that share no word with their answer there are too few to tell of: the nearest passage of each, its words aside. */
function fitNearness(open: readonly Sample[], weightOf: (sample: Sample) => number): number[] {
  const cases = open.map((sample) => ({
    features: [Math.max(0, ...sample.hits.map(({ meaning }) => (meaning ? nearnessOf(meaning) : 0)))],
    outcome: sample.isAnswered ? (1 as const) : (0 as const),
    weight: weightOf(sample),
  }));
  return fitLogistic(cases);
}

function printFigures(title: string, samples: readonly Sample[]): void {
  const { answerableFrom } = searchSettings.parse({});
  const kinds = [...new Set(samples.map(({ kind }) => kind))];
  console.log(`\n${title}`);
  const head = ['', '', 'questions', 'AUC', 'Brier', 'ECE', 'declined: precision', 'recall', 'answers lost'];
  const lines = [...kinds, 'all'].flatMap((kind) => {
    const own = samples.filter((one) => kind === 'all' || one.kind === kind);
    return [
      [kind, 'share', ...figuresOf(saidBy(own, shareOf), 0.5)],
      ['', 'confidence', ...figuresOf(saidBy(own, bestOf), answerableFrom)],
    ];
  });
  printTable([head, ...lines]);
  const bins = reliability(saidBy(samples, bestOf)).filter(({ count }) => count > 0);
  console.log(
    `  said, and how often it held: ${bins.map(({ said, held }) => `${said.toFixed(2)} ${held.toFixed(2)}`).join(', ')}`,
  );
}

const shareOf = ({ hits }: Sample): number => Math.max(0, ...hits.map(({ words }) => words?.share ?? 0));
const bestOf = ({ hits }: Sample): number =>
  Math.max(0, ...hits.map(({ words, meaning }) => confidenceOf(words?.features, meaning)));

function saidBy(samples: readonly Sample[], confidence: (sample: Sample) => number): Said[] {
  const weightOf = weighted(samples);
  return samples.map((one) => ({ confidence: confidence(one), held: one.isAnswered, weight: weightOf(one) }));
}

function figuresOf(said: readonly Said[], threshold: number): string[] {
  const { precision, recall, lost } = abstention(said, threshold);
  const figures = [auc(said), brier(said), ece(said), precision, recall, lost];
  return [`${said.length}`, ...figures.map((one) => one.toFixed(2))];
}

function printTable(table: readonly string[][]): void {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  for (const line of table)
    console.log(`  ${line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd());
}
