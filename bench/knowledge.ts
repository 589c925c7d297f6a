// What finding passages is worth and costs. Each option is one measurement; with TEST_DATABASE_URL it is made on Postgres, too.
import { parseArgs } from 'node:util';
import { report } from './figures.ts';
import { readBeir } from './knowledge/beir.ts';
import { measureCitations } from './knowledge/citations.ts';
import { measureConcurrent } from './knowledge/concurrent.ts';
import { chosenModel, sentenceEncoder } from './knowledge/confidence/model.ts';
import { measureConfidence } from './knowledge/confidence/run.ts';
import { measureQuality } from './knowledge/quality.ts';
import { measureSpeed } from './knowledge/speed.ts';
import { measureVectors } from './knowledge/vectors.ts';
import type { Kind } from './knowledge/world.ts';
import { openStorage } from './storage.ts';
import { postgres } from './world.ts';

const usage = `npm run bench:knowledge -- WHAT
  --beir DIR               how good and how fast each way is on a folder of the BEIR benchmark
  --beir DIR --concurrent  what a hundred who ask feel while four send documents in
  --chunks COUNT           how fast each way is among so many chunks of real text
  --encrypted              the same two in an encrypted collection
  --vectors COUNT          how fast and how true the nearest of so many vectors are found
  --citations              what the check of what answers cite is worth
  --confidence [--beir DIR]  how far \`answerable\` and \`confidence\` can be believed; --fit also fits it anew,
                           --meaning adds a small sentence encoder
  --directory DIR, or --embeddings URL --model NAME: the embedding model that the two above are asked with, too
  --only embedded|postgres`;

const { values } = parseArgs({
  options: {
    beir: { type: 'string' },
    concurrent: { type: 'boolean', default: false },
    chunks: { type: 'string' },
    encrypted: { type: 'boolean', default: false },
    vectors: { type: 'string' },
    citations: { type: 'boolean', default: false },
    confidence: { type: 'boolean', default: false },
    fit: { type: 'boolean', default: false },
    meaning: { type: 'boolean', default: false },
    directory: { type: 'string' },
    embeddings: { type: 'string' },
    model: { type: 'string', default: 'model' },
    only: { type: 'string' },
  },
});
const model = { directory: values.directory, url: values.embeddings, model: values.model };
const { beir, concurrent, chunks, encrypted, vectors, citations, confidence, only } = values;

if (!beir && !chunks && !vectors && !citations && !confidence) console.log(usage);
if (confidence) {
  const models = [
    ...(values.meaning ? [await sentenceEncoder()] : []),
    ...(values.directory || values.embeddings ? [chosenModel(model)] : []),
  ];
  await measureConfidence({ beir, fit: values.fit, models, base: '' });
  process.exit(0); // the model of the tests leaves threads behind
}
if (citations) await measureCitations();
const kinds: { kind: Kind; base: string }[] = [
  { kind: 'embedded', base: '' },
  ...(postgres ? [{ kind: 'postgres' as const, base: postgres }] : []),
];
for (const { kind, base } of kinds) {
  if (only !== undefined && only.toLowerCase() !== kind) continue;
  if (beir && concurrent) await measureTogether(beir, kind, base);
  else if (beir) await measureQuality(beir, { kind, base, encrypted }, model);
  if (chunks) await measureSpeed(Number(chunks), { kind, base, encrypted });
  if (vectors) await measureNearest(Number(vectors), kind, base);
}

async function measureTogether(folder: string, kind: Kind, base: string): Promise<void> {
  const { documents, queries } = readBeir(folder);
  const questions = queries.map(({ text }) => text);
  report(`100 who ask and 4 who send, on ${kind}`, await measureConcurrent(documents, questions, base));
}

async function measureNearest(count: number, kind: Kind, base: string): Promise<void> {
  const storage = await openStorage(base);
  try {
    const figures = await measureVectors(storage.database, storage.log, count);
    report(`${count} vectors of 384 numbers on ${kind}`, figures);
  } finally {
    await storage.stop();
  }
}
