// Finding passages. `npm run bench:knowledge -- --beir DIR` measures how good and how fast each way is on a folder of the
// BEIR benchmark; `-- --beir DIR --concurrent` what a hundred who ask feel while four send documents in; `-- --chunks 100000`
// how fast it is among so many chunks made of real text; `-- --citations` measures the check of what answers
// cite; `-- --confidence` how far `answerable` and `confidence` can be believed.
import { parseArgs } from 'node:util';
import { type Figure, percentile, report, setting } from './figures.ts';
import { qualityOf, readBeir } from './knowledge/beir.ts';
import { measureCitations } from './knowledge/citations.ts';
import { measureConcurrent } from './knowledge/concurrent.ts';
import { sentenceEncoder, servedModel } from './knowledge/confidence/model.ts';
import { measureConfidence } from './knowledge/confidence/run.ts';
import { indexed } from './knowledge/indexed.ts';
import { kept } from './knowledge/kept.ts';
import { madeOf, questionsOf } from './knowledge/synthetic.ts';
import { ways } from './knowledge/ways.ts';
import { bytesOf, type SearchedWorld } from './knowledge/world.ts';
import { openStorage } from './storage.ts';
import { postgres } from './world.ts';

const { values } = parseArgs({
  options: {
    beir: { type: 'string' },
    chunks: { type: 'string' },
    citations: { type: 'boolean', default: false },
    concurrent: { type: 'boolean', default: false },
    only: { type: 'string' },
    confidence: { type: 'boolean', default: false },
    fit: { type: 'boolean', default: false },
    meaning: { type: 'boolean', default: false },
    embeddings: { type: 'string' },
    model: { type: 'string', default: 'model' },
  },
});
const rounds = setting('BENCH_ROUNDS', 3);
const kinds = [
  { kind: 'embedded' as const, base: '' },
  ...(postgres ? [{ kind: 'postgres' as const, base: postgres }] : []),
].filter(({ kind }) => values.only === undefined || kind === values.only.toLowerCase());
type Kind = (typeof kinds)[number]['kind'];

if (values.confidence) {
  const models = [
    ...(values.meaning ? [await sentenceEncoder()] : []),
    ...(values.embeddings ? [servedModel(values.embeddings, values.model)] : []),
  ];
  await measureConfidence({ beir: values.beir, fit: values.fit, models, base: '' });
  process.exit(0); // the model of the tests leaves threads behind
}
for (const { kind, base } of kinds) {
  if (values.beir !== undefined && !values.concurrent) await measureQuality(values.beir, kind, base);
  if (values.beir !== undefined && values.concurrent) {
    const { documents, queries } = readBeir(values.beir);
    const figures = await measureConcurrent(
      documents,
      queries.map(({ text }) => text),
      base,
    );
    report(`100 who ask and 4 who send, on ${kind}`, figures);
  }
  if (values.chunks !== undefined) await measureSpeed(Number(values.chunks), kind, base);
}
if (values.citations) await measureCitations();
if (values.beir === undefined && values.chunks === undefined && !values.citations)
  console.log('Say --beir DIR, --chunks COUNT, --citations or --confidence.');

/** Through the way of every document; each is one of the collection, found where one of its passages is. */
async function measureQuality(folder: string, kind: Kind, base: string): Promise<void> {
  const collection = readBeir(folder);
  const storage = await openStorage(base);
  try {
    const world = await kept(storage, collection.documents);
    const { documentOf } = world;
    const figures = await sizeFigures(world, documentOf.size);
    const documents = (collection.documents.length * 1_000) / world.ingestMs;
    figures.push({ what: 'ingestion', rounds: [documents], unit: 'documents/s' });
    if (world.unreadable > 0)
      figures.push({ what: 'without text', rounds: [world.unreadable], unit: 'documents', digits: 0 });
    for (const way of ways) {
      await way.prepare?.(world);
      const find = (query: string) => way.find(world, query, 100);
      const ranked = new Map<string, string[]>();
      for (const { id, text } of collection.queries) {
        const found = await way.find(world, text, 200); // several of one document count once
        ranked.set(id, [...new Set(found.flatMap((chunk) => documentOf.get(chunk) ?? []))]);
      }
      const { ndcgAt10, recallAt100, mrrAt10 } = qualityOf(collection, ranked);
      figures.push(
        { what: `${way.name}: nDCG@10`, rounds: [ndcgAt10], unit: '', goal: way.goal, digits: 4 },
        { what: `${way.name}: recall@100`, rounds: [recallAt100], unit: '', digits: 4 },
        { what: `${way.name}: MRR@10`, rounds: [mrrAt10], unit: '', digits: 4 },
        ...(await speedFigures(
          way.name,
          find,
          collection.queries.map(({ text }) => text),
        )),
      );
    }
    const { documents: all, queries } = collection;
    report(
      `${folder} on ${kind}: ${all.length} documents, ${documentOf.size} passages, ${queries.length} queries`,
      figures,
    );
  } finally {
    await storage.stop();
  }
}

async function measureSpeed(count: number, kind: Kind, base: string): Promise<void> {
  const storage = await openStorage(base);
  try {
    const entries = madeOf(count);
    const world = await indexed(storage.database, entries);
    const figures = await sizeFigures(world, count);
    figures.push({ what: 'ingestion into the index', rounds: [(count * 1_000) / world.ingestMs], unit: 'chunks/s' });
    const questions = questionsOf(entries, setting('BENCH_TIMES', 200));
    for (const way of ways) {
      if (!way.speedGoalMs) continue; // seconds each, and nobody waits for it
      await way.prepare?.(world);
      const goalMs = way.speedGoalMs[kind];
      const goal = Number.isNaN(goalMs) ? undefined : `${goalMs} ms`;
      figures.push(...(await speedFigures(way.name, (query) => way.find(world, query, 10), questions, goal)));
    }
    report(`${count} chunks on ${kind}, ${questions.length} questions`, figures);
  } finally {
    await storage.stop();
  }
}

async function speedFigures(
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

async function sizeFigures({ database }: SearchedWorld, passages: number): Promise<Figure[]> {
  const index = await bytesOf(database, 'knowledge_(lexemes|postings|terms|lexical_totals)');
  return [
    { what: 'passages', rounds: [passages], unit: '', digits: 0 },
    { what: 'index of words', rounds: [index / 2 ** 20], unit: 'MiB' },
  ];
}
