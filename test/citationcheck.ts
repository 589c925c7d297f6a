import { createCheck } from '../src/capabilities/knowledge/answer/check.ts';
import { comparedWords } from '../src/capabilities/knowledge/answer/evidence.ts';
import { sentencesOf } from '../src/capabilities/knowledge/answer/sentences.ts';
import { createStems } from '../src/capabilities/knowledge/lexical/stems.ts';
import type { Db } from '../src/platform/db/index.ts';
import { type CitationCase, type CitationFigures, citationCases, citationWorlds, figuresOf } from './citations.ts';

export interface JudgedCases extends CitationFigures {
  /** Why each was judged as it was that was judged wrongly. */
  reasons: string[];
}

/** What the check of citations is worth on the cases of one half. */
export async function judgeCases(db: Db, half: 'chosen' | 'held'): Promise<JudgedCases> {
  const stems = createStems();
  const checks = new Map<string, ReturnType<typeof createCheck>>();
  for (const { name, language, passages, supported, unsupported } of citationWorlds) {
    const texts = passages.flatMap(({ title, headings, text }) => [title, ...headings, text]);
    const words = comparedWords([...texts, ...supported, ...unsupported]);
    checks.set(name, createCheck(passages, await stems.of(db, language, new Set(words)), language));
  }
  const verdictOf = ({ world, sentence }: CitationCase) => {
    const [read, ...more] = sentencesOf(sentence);
    const check = checks.get(world.name);
    if (!read || !check || more.length > 0) throw new Error(`not one sentence of a world: ${sentence}`);
    return check(read);
  };
  const figures = figuresOf(citationCases(half), (one) => verdictOf(one).isSupported);
  const reasons = figures.wrong.map((one) => {
    const verdict = verdictOf(one);
    return verdict.isSupported ? `let through: ${one.sentence}` : `dropped: ${one.sentence} ${verdict.reason}`;
  });
  return { ...figures, reasons };
}
