import { isGivenName } from './names.ts';
import type { Thesaurus } from './thesaurus.ts';
import { politeOpenings } from './verbs.ts';
import { stemOf, wordsOf } from './words.ts';

/** A word of a query. */
export interface Token {
  /** As the query has it, in lower case; empty for what only follows from it. */
  word: string;
  stem: string;
  /** It is rather what goes into the tool than which tool is wanted. */
  isValue: boolean;
  /** It is somebody's name. */
  isName: boolean;
  /** It means nothing but itself: a name, or a part of a path, of a quotation. */
  isLiteral: boolean;
}

const longestQuery = 512;
const mostTokens = 48;
const wordsUnwanted = 2; // after `without` and `instead`
// Who makes a thing creates it; who makes the thing private changes it.
const definite = new Set(['the', 'this', 'that', 'these', 'those', 'my', 'our', 'it', 'all', 'every', 'each']);
const fileName = /^[\w./-]*\w\.[a-z]\w{0,4}$/i;
const ending = /\.\w+$/; // `md` of a name says nothing of Markdown
const path = /^\.{0,2}\/?(?:[\w.-]+\/)+[\w.-]*$/;
const address = /^https?:\/\/\S/i;
const pattern = /\*[./]|[./]\*/;
const sql = /\bselect\b.+\bfrom\b/is;

/** The words of a query, with what its file names, patterns and statements hint at. */
export function tokensOf(query: string, thesaurus: Thesaurus): Token[] {
  const text = whole(query.slice(0, longestQuery));
  const tokens: Token[] = [];
  const hint = (...words: string[]) => {
    for (const word of words) tokens.push(tokenOf('', stemOf(word)));
  };
  if (sql.test(text)) hint('sql', 'query', 'database');
  let isValue = false;
  let unwanted = 0;
  let isAfterColon = false;
  for (const [raw] of text.matchAll(/"[^"]*"|\S+/g)) {
    if (/^let['’]?s$/i.test(raw)) continue;
    if (address.test(raw)) {
      tokens.push(tokenOf(raw, stemOf('url'), { isValue })); // its own words are of any subject
      continue;
    }
    const isFile = fileName.test(raw) || path.test(raw);
    const isQuoted = raw.length > 2 && raw.startsWith('"');
    for (const word of wordsOf(fileName.test(raw) ? raw.replace(ending, '') : raw)) {
      if (unwanted-- > 0) continue;
      const stem = stemOf(word);
      const isNumber = /^\d+$/.test(word);
      if (thesaurus.isValueMarker(word) && tokens.length > 0) isValue = true;
      if (isAfterColon) isValue = thesaurus.actionOf(stem, true) === undefined;
      isAfterColon = false;
      const isName = isGivenName(raw);
      const isLiteral = isQuoted || isFile || isNumber || isName;
      tokens.push(tokenOf(word, stem, { isValue: isValue || isLiteral, isName, isLiteral }));
      if (word === 'without' || word === 'instead') unwanted = wordsUnwanted;
    }
    if (pattern.test(raw)) hint('file', 'pattern', 'glob');
    else if (isFile && !isValue) hint('file');
    if (/\w:$/.test(raw) && tokens.length > 1) isAfterColon = true;
  }
  for (const [at, { word }] of tokens.entries())
    if (word === 'make' && definite.has(tokens[at + 1]?.word ?? '')) tokens[at] = tokenOf(word, stemOf('update'));
  return withoutOpening(tokens.slice(0, mostTokens));
}

function tokenOf(word: string, stem: string, rest: Partial<Token> = {}): Token {
  return { word, stem, isValue: false, isName: false, isLiteral: false, ...rest };
}

/** `don't` as `do not`, which would else become `don`. */
function whole(text: string): string {
  return text
    .replace(/\bcan(?:['’]t|not)\b/gi, 'can not')
    .replace(/\bwon['’]t\b/gi, 'will not')
    .replace(/n['’]t\b/gi, ' not');
}

/** The words that say something, if any follow those that are only polite. */
function withoutOpening(tokens: readonly Token[]): Token[] {
  let at = 0;
  for (;;) {
    const opening = politeOpenings.find((each) => each.every((word, step) => tokens[at + step]?.word === word));
    if (!opening || at + opening.length >= tokens.length) return tokens.slice(at);
    at += opening.length;
  }
}
