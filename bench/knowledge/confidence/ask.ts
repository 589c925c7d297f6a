import { audienceOf, putCollection } from '../../../src/capabilities/knowledge/collections/store.ts';
import {
  createLexical,
  defaultLexicalSettings,
  type LexicalHit,
} from '../../../src/capabilities/knowledge/lexical/index.ts';
import { farFrom, type Nearness } from '../../../src/capabilities/knowledge/query/confidence.ts';
import { fuse, type MeaningHit } from '../../../src/capabilities/knowledge/query/fuse.ts';
import type { Db } from '../../../src/platform/db/index.ts';
import type { World, WorldQuestion } from './worlds.ts';

export interface Model {
  name: string;
  /** Vectors of length 1, in the order of the texts. */
  embed(texts: readonly string[]): Promise<Float32Array[]>;
}

/** One question, and whether one of the passages that came answers it. */
export interface Sample {
  /** How passages were found: by words alone, or also by meaning, as the model of this name has it. */
  way: string;
  kind: string;
  world: string;
  question: string;
  isHeldOut: boolean;
  /** It was asked of what is left when all that answers it is taken away, or nothing ever did. */
  isWithout: boolean;
  isAnswered: boolean;
  /** The passages that came, best first. */
  hits: { words: LexicalHit | undefined; meaning: Nearness | undefined }[];
}

const org = 'default';
/** As many passages as an answer has by default, of so many candidates, as a query has them. */
const shown = 6;
const candidates = 50;
const fusion = { kind: 'scores', vectorWeight: 0.5 } as const;

/**
 * Puts every question to the collection, and once more to what is left without the passages that answer it: by words alone,
 * and also by meaning with each of the models.
 */
export async function askWorld(db: Db, world: World, models: readonly Model[]): Promise<Sample[]> {
  const lexical = createLexical();
  const { collection, offset } = await indexWorld(db, world, lexical);
  const ways = [{ way: 'words', near: nothing }];
  for (const { name, embed } of models) ways.push({ way: name, near: await meaningsOf(world, embed) });

  const ask = async ({ text, answers, group, isHeldOut }: WorldQuestion, isWithout: boolean): Promise<Sample[]> => {
    const found = await lexical.search(db, org, {
      ...{ collections: [collection], subjects: [isWithout ? without(group ?? '') : all], query: text },
      ...{ limit: candidates, settings: defaultLexicalSettings },
    });
    const words = found.map((hit) => ({ ...hit, chunkId: hit.chunkId - offset }));
    return ways.map(({ way, near }) => {
      const nearest = near(text, isWithout ? group : undefined);
      const hits = fuse(words, nearest, fusion).slice(0, shown);
      const far = farFrom(nearest);
      return {
        ...{ way, kind: world.kind, world: world.name, question: text, isHeldOut },
        isWithout: isWithout || answers.size === 0,
        isAnswered: hits.some(({ chunkId }) => answers.has(chunkId)),
        hits: hits.map(({ words, meaning = far }) => ({ words, meaning })),
      };
    });
  };

  const samples: Sample[] = [];
  for (const question of world.questions) {
    samples.push(...(await ask(question, false)));
    if (question.group !== undefined) samples.push(...(await ask(question, true)));
  }
  return samples;
}

type Near = (question: string, group: string | undefined) => MeaningHit[];
const nothing: Near = () => [];

const all = 'all';
const without = (group: string): string => `without:${group}`;

/** Who asks without the passages of a group may read all the others: so nothing else changes, not even how rare words are. */
async function indexWorld(db: Db, { name, entries, questions }: World, lexical: ReturnType<typeof createLexical>) {
  const groups = [...new Set(questions.flatMap(({ group }) => group ?? []))];
  const audience = await audienceOf(db, org, [all]);
  const collection = await putCollection(db, org, {
    name,
    settings: {},
    declared: false,
    audience,
    changedBy: 'bench',
  });
  const offset = collection * 1_000_000;
  const rows = [];
  for (const { answersOf, ...entry } of entries) {
    const readers = [all, ...groups.filter((group) => !answersOf.has(group)).map(without)];
    const place = { chunkId: offset + entry.chunkId, audience: await audienceOf(db, org, readers), documentId: 1 };
    rows.push({ ...entry, ...place });
  }
  for (let start = 0; start < rows.length; start += 200) {
    const batch = rows.slice(start, start + 200);
    await db.transaction().execute((trx) => lexical.indexChunks(trx, org, collection, batch));
  }
  return { collection, offset };
}

async function meaningsOf({ entries, questions }: World, embed: Model['embed']): Promise<Near> {
  const passages = await embed(
    entries.map(({ title, headings, text }) => `${[title, ...headings].join(' > ')}\n${text}`),
  );
  const texts = [...new Set(questions.map(({ text }) => text))];
  const asked = new Map((await embed(texts)).map((vector, at) => [texts[at] ?? '', vector]));
  return (question, group) => {
    const vector = asked.get(question) ?? new Float32Array();
    const similarities = passages.map((passage) => cosine(passage, vector));
    const typical = similarities.reduce((sum, one) => sum + one, 0) / similarities.length;
    return entries
      .map(({ chunkId, answersOf }, at) => ({ chunkId, similarity: similarities[at] ?? 0, typical, answersOf }))
      .filter(({ answersOf }) => group === undefined || !answersOf.has(group))
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, candidates)
      .map(({ chunkId, similarity }) => ({ chunkId, similarity, typical }));
  };
}

function cosine(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] ?? 0) * (other[at] ?? 0);
  return sum;
}
