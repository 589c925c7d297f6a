/** One word of a text, before stemming. */
export interface Word {
  /** In lower case. */
  word: string;
  /** Counts words from 0; the parts of an identifier follow each other, and the whole stands where its first part does. */
  at: number;
  /** A whole identifier, such as `getusername`, `src/main.ts` or `1.2.3`, beside its parts. */
  isWhole: boolean;
}

/** A lexeme of Postgres may have 2046 bytes; nobody searches for more than this. */
const longestWord = 100;
/** What changes more often between letters and digits is a hash, whose pieces mean nothing. */
const mostSwitches = 4;

// A hyphen belongs to a name with digits beside it, such as `A-102` or `CVE-2024-1234`; `time-out` is two words.
const run = /[\p{L}\p{M}\p{N}_$]+(?:(?:[./\\:@#]+|-(?=[\p{L}\p{M}_$]*\p{N})|(?<=\p{N})-)[\p{L}\p{M}\p{N}_$]+)*/gu;
const separator = /[/\\:@#-]+/;
const joint = /[._$/\\:@#]+/;
const number = /^v?(\d+(?:\.\d+)+)$/i;
// Between small and capital letters, before the last capital of several, and between letters and digits.
const humps = /(?<=[\p{Ll}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/u;
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/**
 * The words of a text. Postgres has a parser of its own, but it depends on the locale of the database and keeps
 * identifiers whole or breaks them by the rules of addresses; these words are the same on every database, for texts and for
 * queries.
 */
export function wordsOf(text: string): { words: Word[]; length: number } {
  const words: Word[] = [];
  let at = 0;
  for (const [found] of text.normalize('NFKC').matchAll(run)) at = addRun(found, at, words);
  return { words, length: at };
}

function addRun(found: string, start: number, words: Word[]): number {
  const version = number.exec(found)?.[1];
  if (version !== undefined) return addVersion(version, start, words);
  let at = start;
  const segments = found.split(separator).filter(Boolean);
  if (segments.length > 1) addWhole(found, at, words);
  for (const segment of segments) at = addSegment(segment, at, words);
  return at;
}

/** `1.2.3` is also found by `1.2`. */
function addVersion(version: string, at: number, words: Word[]): number {
  addWhole(version, at, words);
  const [major, minor, ...more] = version.split('.');
  if (more.length > 0) addWhole(`${major}.${minor}`, at, words);
  return at + 1;
}

function addSegment(segment: string, start: number, words: Word[]): number {
  const parts = segment.split(joint).filter(Boolean).flatMap(partsOf);
  const isJoined = parts.length > 1;
  if (isJoined) addWhole(segment, start, words);
  let at = start;
  for (const part of parts) {
    const isNoise = isJoined && part.length === 1 && !unspaced.test(part); // the `e` of E0308
    if (!isNoise) words.push({ word: part.slice(0, longestWord).toLowerCase(), at, isWhole: false });
    at++;
  }
  return at;
}

function addWhole(whole: string, at: number, words: Word[]): void {
  const word = whole.replace(/^[_$]+|[_$]+$/g, '').toLowerCase();
  if (word.length > 1 && word.length <= longestWord) words.push({ word, at, isWhole: true });
}

function partsOf(segment: string): string[] {
  if (unspaced.test(segment)) return pairsOf(segment);
  const parts = segment.split(humps);
  return parts.length > mostSwitches + 1 && /\p{N}/u.test(segment) ? [segment] : parts;
}

/** Where no spaces are written every two neighbours count as a word. */
function pairsOf(segment: string): string[] {
  const signs = [...segment];
  return signs.length === 1 ? signs : signs.slice(1).map((sign, at) => `${signs[at]}${sign}`);
}
