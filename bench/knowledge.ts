// Finding passages by keywords. `npm run bench:knowledge -- --beir DIR` measures how good and how fast it is on a folder of
// the BEIR benchmark; `-- --chunks 100000` measures how fast it is among so many chunks made of real text, `-- --vectors 100000`
// how fast and how true the nearest of so many vectors are found.
import { parseArgs } from 'node:util';
import { defaultFeedback, defaultLexicalSettings } from '../src/capabilities/knowledge/lexical/index.ts';
import { type Figure, percentile, report, setting } from './figures.ts';
import { qualityOf, readBeir } from './knowledge/beir.ts';
import { type Indexed, indexed } from './knowledge/indexed.ts';
import { madeOf, questionsOf } from './knowledge/synthetic.ts';
import { measureVectors } from './knowledge/vectors.ts';
import { openStorage } from './storage.ts';
import { postgres } from './world.ts';

const { values } = parseArgs({
  options: {
    beir: { type: 'string' },
    chunks: { type: 'string' },
    vectors: { type: 'string' },
    only: { type: 'string' },
  },
});
const rounds = setting('BENCH_ROUNDS', 3);
const kinds = [
  { kind: 'embedded', base: '', goalMs: 25 },
  ...(postgres ? [{ kind: 'Postgres', base: postgres, goalMs: 10 }] : []),
].filter(({ kind }) => values.only === undefined || kind.toLowerCase() === values.only.toLowerCase());

type Find = (query: string) => Promise<number[]>;
const waysOf = (index: Indexed, limit: number): [name: string, find: Find][] => [
  ['ts_rank_cd', (query) => index.searchPlainly(query, limit)],
  ['BM25', (query) => index.search(query, { limit })],
  ['BM25 with feedback', (query) => index.search(query, { limit, feedback: defaultFeedback })],
];

for (const { kind, base, goalMs } of kinds) {
  if (values.beir !== undefined) await measureQuality(values.beir, kind, base);
  if (values.chunks !== undefined) await measureSpeed(Number(values.chunks), kind, base, goalMs);
  if (values.vectors !== undefined) await measureNearest(Number(values.vectors), kind, base);
}
if (values.beir === undefined && values.chunks === undefined && values.vectors === undefined)
  console.log('Say --beir DIR, --chunks COUNT or --vectors COUNT.');

async function measureQuality(folder: string, kind: string, base: string): Promise<void> {
  const collection = readBeir(folder);
  const storage = await openStorage(base);
  try {
    const entries = collection.documents.map(({ title, text }, at) => ({ chunkId: at + 1, title, headings: [], text }));
    const index = await indexed(storage.database, entries, defaultLexicalSettings);
    const figures = sizeFigures(index, entries.length);
    for (const [name, find] of waysOf(index, 100)) {
      const ranked = new Map<string, string[]>();
      for (const { id, text } of collection.queries) {
        const found = await find(text);
        ranked.set(
          id,
          found.flatMap((chunk) => collection.documents[chunk - 1]?.id ?? []),
        );
      }
      const { ndcgAt10, recallAt100, mrrAt10 } = qualityOf(collection, ranked);
      const goal = name === 'ts_rank_cd' ? undefined : 'at least 0.40';
      figures.push({ what: `${name}: nDCG@10`, rounds: [ndcgAt10], unit: '', goal, digits: 4 });
      figures.push({ what: `${name}: recall@100`, rounds: [recallAt100], unit: '', digits: 4 });
      figures.push({ what: `${name}: MRR@10`, rounds: [mrrAt10], unit: '', digits: 4 });
      figures.push(
        ...(await speedFigures(
          name,
          find,
          collection.queries.map(({ text }) => text),
        )),
      );
    }
    report(`${folder} on ${kind}: ${entries.length} documents, ${collection.queries.length} queries`, figures);
  } finally {
    await storage.stop();
  }
}

async function measureSpeed(count: number, kind: string, base: string, goalMs: number): Promise<void> {
  const storage = await openStorage(base);
  try {
    const entries = madeOf(count);
    const index = await indexed(storage.database, entries, defaultLexicalSettings);
    const figures = sizeFigures(index, count);
    const questions = questionsOf(entries, setting('BENCH_TIMES', 200));
    for (const [name, find] of waysOf(index, 10)) {
      if (name === 'ts_rank_cd') continue; // seconds each, and nobody waits for it
      figures.push(...(await speedFigures(name, find, questions, name === 'BM25' ? `${goalMs} ms` : undefined)));
    }
    report(`${count} chunks on ${kind}, ${questions.length} questions`, figures);
  } finally {
    await storage.stop();
  }
}

async function measureNearest(count: number, kind: string, base: string): Promise<void> {
  const storage = await openStorage(base);
  try {
    const figures = await measureVectors(storage.database, storage.log, count);
    report(`${count} vectors of 384 numbers on ${kind}`, figures);
  } finally {
    await storage.stop();
  }
}

async function speedFigures(name: string, find: Find, queries: readonly string[], goal?: string): Promise<Figure[]> {
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

function sizeFigures({ ingestMs, indexBytes, plainIngestMs, plainBytes }: Indexed, chunks: number): Figure[] {
  return [
    { what: 'ts_rank_cd: index', rounds: [plainBytes / 2 ** 20], unit: 'MiB' },
    { what: 'ts_rank_cd: ingestion', rounds: [(chunks * 1_000) / plainIngestMs], unit: 'chunks/s' },
    { what: 'BM25: index', rounds: [indexBytes / 2 ** 20], unit: 'MiB' },
    { what: 'BM25: ingestion', rounds: [(chunks * 1_000) / ingestMs], unit: 'chunks/s' },
  ];
}
