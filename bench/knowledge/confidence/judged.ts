import { readBeir } from '../beir.ts';
import { hashOf } from './phrasing.ts';
import type { World, WorldEntry } from './worlds.ts';

/** A folder of the BEIR benchmark: what is judged relevant answers. */
export function judgedWorld(folder: string, others: readonly string[]): World {
  const { documents, queries, judgements } = readBeir(folder);
  const numbers = new Map(documents.map(({ id }, at) => [id, at + 1]));
  const entries: WorldEntry[] = documents.map(({ title, text }, at) => ({
    chunkId: at + 1,
    title,
    headings: [],
    text,
    language: 'english',
    answersOf: new Set(),
  }));
  const questions = queries.map(({ id, text }) => {
    const relevant = [...(judgements.get(id) ?? [])].filter(([, score]) => score > 0);
    const answers = new Set(relevant.flatMap(([document]) => numbers.get(document) ?? []));
    for (const chunk of answers) entries[chunk - 1]?.answersOf.add(id);
    return { text, answers, group: id, isHeldOut: hashOf(id) % 3 === 0 };
  });
  const foreign = others.map((text) => ({ text, answers: new Set<number>(), isHeldOut: hashOf(text) % 3 === 0 }));
  return { kind: 'judged', name: folder, entries, questions: [...questions, ...foreign] };
}
