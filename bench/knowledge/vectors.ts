import { sql } from 'kysely';
import { audienceOf, putCollection } from '../../src/capabilities/knowledge/collections/store.ts';
import { normalised } from '../../src/capabilities/knowledge/vectors/direction.ts';
import { createVectors } from '../../src/capabilities/knowledge/vectors/index.ts';
import { makeIndexes } from '../../src/capabilities/knowledge/vectors/spaces/store.ts';
import type { Database } from '../../src/platform/db/index.ts';
import type { Embedder } from '../../src/platform/models/index.ts';
import type { Log } from '../../src/platform/telemetry/index.ts';
import { createRandom } from '../../test/random.ts';
import { type Figure, percentile, setting } from '../figures.ts';

const org = 'default';
const dimensions = 384;
const found = 10;
const bySelf = 2_000;
/** So many of a hundred passages are readable by a subject of their own, beside everybody's. */
const circles = [1, 3, 10, 30];
const signal = new AbortController().signal;

/**
 * Vectors that lie as those of texts do: in 300 clusters of different width, spread along 40 directions of 384, with a little
 * noise in all of them. Always the same.
 */
function madeVectors() {
  const latent = 40;
  const gaussians = (seed: number, count: number) => {
    const random = createRandom(seed);
    for (let n = 0; n < 8; n++) random.next();
    return Float32Array.from({ length: count }, () => {
      const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
      return radius * Math.cos(2 * Math.PI * random.next());
    });
  };
  const directions = gaussians(1, latent * dimensions);
  const centres = Array.from({ length: 300 }, (_, at) => gaussians(1_000 + at, latent));
  const at = (cluster: number, seed: number): Float32Array => {
    const centre = centres[cluster % centres.length] ?? new Float32Array(latent);
    const width = 0.3 + (cluster % 7) * 0.1;
    const place = gaussians(seed, latent).map((one, n) => (centre[n] ?? 0) + width * one);
    const noise = gaussians(seed + 1, dimensions);
    return noise.map((one, n) => {
      let sum = 0.5 * one;
      for (let k = 0; k < latent; k++) sum += (place[k] ?? 0) * (directions[k * dimensions + n] ?? 0);
      return sum;
    });
  };
  return {
    passage: (n: number) => at((n * 7_919) % 300, 10_000 + 2 * n),
    question: (n: number) => at((n * 6_151) % 300, 5_000_001 + 2 * n),
  };
}

/** The model of the bench: the text is the number of its vector. */
function benchModel(): Embedder {
  const made = madeVectors();
  return {
    model: 'bench',
    label: 'bench',
    embed: async (texts, purpose) => ({
      vectors: texts.map((text) => made[purpose === 'query' ? 'question' : 'passage'](Number(/\d+$/.exec(text)?.[0]))),
      tokens: texts.length,
    }),
    async stop() {},
  };
}

type BenchDeps = Parameters<typeof createVectors>[0];

/** Builds the vectors of so many passages by the way of the server, and searches them. */
export async function measureVectors({ db, kind }: Database, log: Log, count: number): Promise<Figure[]> {
  const embedder = benchModel();
  const embedders = { usual: embedder, all: [embedder], named: () => embedder, names: [], stop: async () => {} };
  const deps = {
    db,
    embedders,
    clock: { now: () => Date.now() },
    log,
    replica: 'bench',
    goneAfterMs: 0,
    modelOf: () => undefined,
  };
  const collection = await addPassages(db, count);

  // All but the last in one go, as a restore puts them in; those by the way of the server, each into the index that is there.
  const byServer = Math.min(bySelf, count);
  await addBulk(db, collection, count - byServer);
  const indexedAt = performance.now();
  await makeIndexes(db);
  const indexMs = performance.now() - indexedAt;
  const filler = createVectors(deps);
  const startedAt = performance.now();
  filler.start();
  while (((await filler.read(org)).get(collection)?.vectors ?? 0) < count)
    await new Promise((resolve) => setTimeout(resolve, 500));
  const fillMs = performance.now() - startedAt;
  await filler.stop();
  // Postgres does by itself what the embedded database never does: both are measured at rest.
  await sql`vacuum analyze knowledge_vectors`.execute(db);
  if (kind === 'postgres') await sql`checkpoint`.execute(db);

  const figures: Figure[] = [
    { what: 'index, made of all at once', rounds: [((count - byServer) * 1_000) / indexMs], unit: 'vectors/s' },
    { what: 'one after the other, as the server does', rounds: [(byServer * 1_000) / fillMs], unit: 'vectors/s' },
    { what: 'index (HNSW)', rounds: [(await bytesOf(db, 'knowledge_vectors_space_%')) / 2 ** 20], unit: 'MiB' },
    { what: 'vectors in their table', rounds: [(await bytesOf(db, 'knowledge_vectors')) / 2 ** 20], unit: 'MiB' },
  ];
  return [...figures, ...(await searchFigures(deps, kind, collection, count))];
}

async function searchFigures(
  deps: BenchDeps,
  kind: Database['kind'],
  collection: number,
  count: number,
): Promise<Figure[]> {
  const { db } = deps;
  const figures: Figure[] = [];
  const byIndex = createVectors({ ...deps, allUpTo: 0 });
  const byAll = createVectors({ ...deps, allUpTo: Number.POSITIVE_INFINITY });
  const usual = createVectors(deps);
  const times = setting('BENCH_TIMES', 200);
  const rounds = setting('BENCH_ROUNDS', 3);
  const ask = (vectors: typeof usual, subject: string, n: number) =>
    vectors.search(db, org, { collections: [collection], subjects: [subject], query: `${n}`, limit: found }, signal);
  /** Without the time of the model: each question is known before it is timed. */
  const speedOf = async (vectors: typeof usual, subject: string) => {
    const p50: number[] = [];
    const p99: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const taken: number[] = [];
      for (let n = 0; n < times; n++) {
        await vectors.vectorOf(`${n}`);
        const at = performance.now();
        await ask(vectors, subject, n);
        taken.push(performance.now() - at);
      }
      if (round === 0) continue;
      p50.push(percentile(taken, 50));
      p99.push(percentile(taken, 99));
    }
    return { p50, p99 };
  };
  const recallOf = async (vectors: typeof usual, subject: string) => {
    let same = 0;
    for (let n = 0; n < times; n++) {
      const all = new Set((await ask(byAll, subject, n)).map(({ chunkId }) => chunkId));
      same += (await ask(vectors, subject, n)).filter(({ chunkId }) => all.has(chunkId)).length / all.size;
    }
    return same / times;
  };
  for (const share of [100, ...circles]) {
    const size = (count * share) / 100;
    const subject = share === 100 ? 'everyone' : `team:${share}`;
    const ways = share === 100 ? { 'as searched': usual } : { 'all looked at': byAll, 'by the index': byIndex };
    for (const [way, vectors] of Object.entries(ways)) {
      const { p50, p99 } = await speedOf(vectors, subject);
      const isGoal = share === 100 && kind === 'postgres';
      figures.push({
        what: `${size} readable, ${way}: p50`,
        rounds: p50,
        unit: 'ms',
        digits: 2,
        ...(isGoal ? { goal: '8 ms' } : {}),
      });
      figures.push({ what: `${size} readable, ${way}: p99`, rounds: p99, unit: 'ms', digits: 2 });
      if (vectors !== byAll)
        figures.push({
          what: `${size} readable, ${way}: recall@${found}`,
          rounds: [await recallOf(vectors, subject)],
          unit: '',
          digits: 4,
          ...(isGoal ? { goal: 'at least 0.95' } : {}),
        });
    }
  }
  return figures;
}

/** Passages without words: of them nothing but the numbers of their vectors is looked at here. */
async function addPassages(db: Database['db'], count: number): Promise<number> {
  const everybody = await audienceOf(db, org, ['everyone']);
  const made = { name: 'bench', settings: {}, declared: false, audience: everybody, changedBy: 'bench' };
  const collection = await putCollection(db, org, made);
  const audiences: number[] = [];
  for (const share of circles) audiences.push(await audienceOf(db, org, ['everyone', `team:${share}`]));
  await sql`update knowledge_collections set audience = ${await audienceOf(db, org, ['everyone', ...circles.map((share) => `team:${share}`)])}`.execute(
    db,
  );
  await sql`insert into knowledge_documents (org, collection, source, uri, title, kind, language, hash, audience)
    values (${org}, ${collection}, 'bench', 'all', '', 'text', 'english', '', ${everybody})`.execute(db);
  await sql`
    insert into knowledge_chunks (org, document, collection, ordinal, kind, headings, text, tokens, audience)
    select ${org}, d.id, ${collection}, n, 'text', '{}', n::text, 1, case
      when n % 100 < 1 then ${audiences[0]}::int
      when n % 100 < 4 then ${audiences[1]}::int
      when n % 100 < 14 then ${audiences[2]}::int
      when n % 100 < 44 then ${audiences[3]}::int
      else ${everybody}::int end
    from knowledge_documents d, generate_series(0, ${count}::int - 1) n`.execute(db);
  await sql`insert into knowledge_lexical_totals (org, collection, audience, language, chunks, body_length)
    select org, collection, audience, 'english', count(*), 0 from knowledge_chunks group by org, collection, audience`.execute(
    db,
  );
  return collection;
}

async function addBulk(db: Database['db'], collection: number, count: number): Promise<void> {
  const { passage } = madeVectors();
  await sql`insert into knowledge_spaces (org, model, dimensions, generation) values (${org}, 'bench', ${dimensions}, 0)`.execute(
    db,
  );
  await sql`insert into knowledge_embeddings (org, collection, live)
    select ${org}, ${collection}, id from knowledge_spaces`.execute(db);
  const atOnce = 500;
  for (let start = 0; start < count; start += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, count - start) }, (_, at) => start + at);
    const texts = numbers.map((n) => `[${Array.from(normalised(passage(n)), (one) => one.toFixed(5)).join(',')}]`);
    await sql`
      insert into knowledge_vectors (org, chunk, space, collection, audience, document, embedding)
      select c.org, c.id, s.id, c.collection, c.audience, c.document, v.vector::halfvec
      from unnest(${numbers}::int[], ${texts}::text[]) as v (n, vector)
      join knowledge_chunks c on c.org = ${org} and c.document = (select id from knowledge_documents) and c.ordinal = v.n
      cross join knowledge_spaces s`.execute(db);
  }
}

async function bytesOf(db: Database['db'], name: string): Promise<number> {
  const { rows } = await sql<{ bytes: string }>`
    select sum(pg_relation_size(oid)) as bytes from pg_class where relname like ${name}`.execute(db);
  return Number(rows[0]?.bytes);
}
