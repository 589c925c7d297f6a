import { createCheck } from '../../src/capabilities/knowledge/answer/check.ts';
import { comparedWords } from '../../src/capabilities/knowledge/answer/evidence.ts';
import { sentencesOf } from '../../src/capabilities/knowledge/answer/sentences.ts';
import { createStems } from '../../src/capabilities/knowledge/lexical/stems.ts';
import type { Db } from '../../src/platform/db/index.ts';
import { chosenWorlds } from './chosen.ts';
import { heldWorlds } from './held.ts';

export interface CitationFigures {
  cases: number;
  /** Of what the check lets through, how much is true; of what is true, how much it lets through. */
  precision: number;
  recall: number;
  /** Of what is false, how much it drops. */
  caught: number;
  /** What was judged wrongly, and why. */
  wrong: string[];
}

/** What the check of citations is worth on the cases of one half. */
export async function judgeCases(db: Db, half: 'chosen' | 'held'): Promise<CitationFigures> {
  const stems = createStems();
  const judged: { sentence: string; isTrue: boolean; isLet: boolean; reason: string }[] = [];
  for (const { language, passages, supported, unsupported } of half === 'chosen' ? chosenWorlds : heldWorlds) {
    const sentences = [...supported, ...unsupported];
    const texts = passages.flatMap(({ title, headings, text }) => [title, ...headings, text]);
    const check = createCheck(
      passages,
      await stems.of(db, language, new Set(comparedWords([...texts, ...sentences]))),
      language,
    );
    for (const [at, sentence] of sentences.entries()) {
      const [read, ...more] = sentencesOf(sentence);
      if (!read || more.length > 0) throw new Error(`this is not one sentence: ${sentence}`);
      const verdict = check(read);
      const reason = verdict.isSupported ? '' : verdict.reason;
      judged.push({ sentence, isTrue: at < supported.length, isLet: verdict.isSupported, reason });
    }
  }
  const count = (isTrue: boolean, isLet: boolean) =>
    judged.filter((each) => each.isTrue === isTrue && each.isLet === isLet).length;
  const [right, missed, slipped] = [count(true, true), count(true, false), count(false, true)];
  return {
    cases: judged.length,
    precision: right / (right + slipped),
    recall: right / (right + missed),
    caught: count(false, false) / (count(false, false) + slipped),
    wrong: judged
      .filter(({ isTrue, isLet }) => isTrue !== isLet)
      .map(({ sentence, isLet, reason }) => `${isLet ? 'let through' : 'dropped'}: ${sentence} ${reason}`.trim()),
  };
}
