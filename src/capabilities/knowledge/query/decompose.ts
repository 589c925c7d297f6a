/** More make an answer of nothing but beginnings. */
const mostParts = 4;
/** A part of fewer words is no question of its own. */
const fewestWords = 2;
/** Things that are compared are named shortly. */
const longestSide = 7;

const asking =
  'how|what|where|when|why|who|whom|whose|which|is|are|was|were|do|does|did|can|could|should|must|may|will|would|' +
  'wie|was|wo|wann|warum|wer|wem|wen|welche[rsmn]?|womit|wozu|wird|werden|ist|sind|kann|darf|muss|soll|' +
  'comment|que|quoi|où|quand|pourquoi|qui|quel(?:le)?s?|combien|est-ce|' +
  'cómo|qué|dónde|cuándo|por qué|quién|cuál(?:es)?|cuánt[oa]s?';
/** `how do we X and where is Y`: a word that joins, before a question word. */
const joined = new RegExp(`[\\s,;]+(?:and|und|sowie|et|y)\\s+(?:then\\s+|also\\s+)?(?=(?:${asking})\\s)`, 'giu');
/** `when and how`: what was cut off has lost what it asks. */
const isCut = new RegExp(`(?:^|\\s)(?:${asking})$`, 'iu');
/** Whole questions one after the other, or in lines. */
const ended = /(?<=\?)\s+|\s*;\s+|\n+/u;
const mark = /^\s*(?:[-*]|\d+[.)])\s+/u;

const versus = /\s(?:vs\.?|versus)\s/iu;
const comparing =
  /\b(?:differences?|compare|unterschiede?|vergleiche?|différences?|compare[rz]?|diferencias?|comparar?)\s+(?:is\s+|are\s+)?(?:between\s+|zwischen\s+|entre\s+)?(?<one>.+?)\s+(?:and|with|to|und|mit|et|avec|y|con)\s+(?<other>.+)$/iu;
/** `retries and time-outs of the queue`: what follows the last thing belongs to both. */
const belonging = /\s(?:in|of|for|on|at|by|bei|im|für|von|de|du|des|dans|pour|en|para)\s.+$/iu;

/**
 * The questions that a question consists of, by rule: several that follow each other, several joined by a word, or two
 * things to be compared. One that is asked in one piece is given back alone. Nothing is added that was not said.
 */
export function partsOf(question: string): string[] {
  const sentences = question
    .split(ended)
    .flatMap((sentence) => sentence.split(joined))
    .map(trimmed)
    .filter((part) => part !== '');
  // Where splitting leaves crumbs the question was one.
  const areWhole = sentences.every((part) => countOf(part) >= fewestWords && !isCut.test(part));
  const parts = (areWhole ? sentences : [trimmed(question)]).flatMap(sidesOf);
  return parts.length < 2 || parts.length > mostParts ? [question] : parts;
}

/** The two things that are to be compared, each with what is asked of both. */
function sidesOf(part: string): string[] {
  const { one, other } = comparing.exec(part)?.groups ?? {};
  const sides = one && other ? [one, other] : part.split(versus);
  const [left = '', right = ''] = sides;
  if (sides.length !== 2 || countOf(left) > longestSide || countOf(right) > longestSide) return [part];
  const about = belonging.exec(right)?.[0];
  return [about && !belonging.test(left) ? `${left}${about}` : left, right];
}

const trimmed = (part: string): string =>
  part
    .replace(mark, '')
    .replace(/[\s?.!,;]+$/u, '')
    .trim();

const countOf = (part: string): number => part.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
