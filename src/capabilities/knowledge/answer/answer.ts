import type { Db } from '../../../platform/db/types.ts';
import type { ChatModel, ChatReply } from '../../../platform/models/index.ts';
import { createStems } from '../lexical/stems.ts';
import type { ShownPassage } from '../query/passages.ts';
import { createDetector } from '../read/language.ts';
import type { Language } from '../types.ts';
import { createCheck } from './check.ts';
import { comparedWords } from './evidence.ts';
import { noAnswer, promptOf } from './prompt.ts';
import { type Sentence, sentencesOf } from './sentences.ts';

export interface CheckedSentence {
  text: string;
  /** Ids of the passages that it was found in. */
  citations: number[];
}

export interface CheckedAnswer {
  sentences: CheckedSentence[];
  /** The sentences together, as they stood, with the marks of footnotes: places in `passages`, from 1. */
  answer: string;
  /** What is cited, in the order in which it is cited first. */
  passages: ShownPassage[];
  dropped: { text: string; reason: string }[];
  reply: ChatReply;
}

interface Deps {
  db: Db;
  findInstructions(text: string): string[];
}

/** In characters; a caller's own model keeps to no limit of ours. */
const longestAnswer = 20_000;

/** Has a model answer from passages, and keeps of what it says only what a check by rule finds in the passages it cites. */
export function createAnswers({ db, findInstructions }: Deps) {
  const stems = createStems();
  const detector = createDetector();

  /** Each sentence in the language of what it cites: passages may be in several. */
  const checkFor = async (sentences: readonly Sentence[], passages: readonly ShownPassage[]) => {
    const textsOf = ({ title, headings, text }: ShownPassage) => [title, ...headings, text];
    const words = comparedWords([...passages.flatMap(textsOf), ...sentences.map(({ text }) => text)]);
    const languageOf = ({ text, citations }: Sentence) => {
      const cited = passages.filter((_, at) => citations.includes(at + 1)).flatMap(textsOf);
      return detector.languageOf([text, ...cited], false, undefined, 'english');
    };
    const checks = new Map<Language, ReturnType<typeof createCheck>>();
    for (const language of new Set(sentences.map(languageOf)))
      checks.set(language, createCheck(passages, await stems.of(db, language, words), language));
    return (sentence: Sentence) => checks.get(languageOf(sentence))?.(sentence);
  };

  return async function answerFrom(
    model: ChatModel,
    question: string,
    passages: readonly ShownPassage[],
    fence: string,
    signal: AbortSignal,
  ): Promise<CheckedAnswer> {
    const reply = await model.complete(promptOf(question, passages, fence), signal);
    const sentences = sentencesOf(reply.text.slice(0, longestAnswer));
    const check = await checkFor(sentences, passages);
    const dropped: CheckedAnswer['dropped'] = [];
    const kept = new Map<number, { sentence: Sentence; citations: number[] }>();
    const judge = (sentence: Sentence, at: number): { citations: number[] } | string => {
      if (reply.isCut && at === sentences.length - 1) return 'The model had to stop in the middle of it.';
      const flags = findInstructions(sentence.text);
      if (flags.length > 0) return `It speaks to its reader instead of about the subject: ${flags.join(' ')}`;
      const verdict = check(sentence);
      return verdict?.isSupported ? verdict : (verdict?.reason ?? 'It could not be checked.');
    };
    for (const [at, sentence] of sentences.entries()) {
      if (sentence.text.replace(/[^A-Z_]/g, '') === noAnswer) continue;
      const verdict = judge(sentence, at);
      if (typeof verdict === 'string') dropped.push({ text: sentence.text, reason: verdict });
      else kept.set(at, { sentence, citations: verdict.citations });
    }
    for (const [at, { sentence }] of [...kept]) {
      if (sentence.introduces.length === 0 || sentence.introduces.some((each) => kept.has(each))) continue;
      kept.delete(at);
      dropped.push({ text: sentence.text, reason: 'Nothing is left of what it introduces.' });
    }
    return { ...assembled([...kept.values()], passages), dropped, reply };
  };
}

export type AnswerFrom = ReturnType<typeof createAnswers>;

function assembled(kept: readonly { sentence: Sentence; citations: number[] }[], passages: readonly ShownPassage[]) {
  const cited = [...new Set(kept.flatMap(({ citations }) => citations))];
  const parts = kept.map(({ sentence: { text, isCode, before }, citations }, at) => {
    const marks = citations.map((each) => `[${cited.indexOf(each) + 1}]`).join('');
    const lead = at === 0 ? before.replace(/^\s+/, '') : before;
    return isCode ? `${lead}\`\`\`\n${text}\n\`\`\`\n${marks}` : `${lead}${text} ${marks}`;
  });
  const shownOf = (number: number) => passages[number - 1] as ShownPassage;
  return {
    answer: parts.join(''),
    passages: cited.map(shownOf),
    sentences: kept.map(({ sentence, citations }) => ({
      text: sentence.text,
      citations: citations.map((each) => shownOf(each).id),
    })),
  };
}
