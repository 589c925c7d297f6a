import { codeSpansOf } from './citations.ts';

/** What a sentence says to the letter, and what a passage must have to the letter, too. */
export interface Literals {
  /** Inline code and what stands in quotes. */
  quoted: string[];
  /** `orders-v2`, `src/main.ts`, `getUserName`, `--force`, `SIGTERM`. */
  identifiers: string[];
  /** Words that are written like names. */
  names: string[];
  /** The text without what is quoted and without identifiers, for what is looked for in the rest. */
  rest: string;
}

const quotes = /"([^"]{2,300})"|“([^”]{2,300})”|„([^“”"]{2,300})[“”"]|«\s*([^»]{2,300}?)\s*»|»([^«]{2,300})«/g;
const token = /[^\s,;()[\]{}"“”„«»<>|]+/gu;
const edges = /^[.,:;!?…'’*_]+|[.,:;!?…'’*_/]+$/gu;

export function literalsOf(sentence: string): Literals {
  const quoted: string[] = [];
  let rest = '';
  let at = 0;
  for (const span of codeSpansOf(sentence)) {
    quoted.push(span.text);
    rest += `${sentence.slice(at, span.start)} \u2022 `; // so that what stands around it does not become one
    at = span.end;
  }
  rest = bareText(rest + sentence.slice(at)).replace(quotes, (_, ...found) => {
    quoted.push(found.slice(0, 5).find((each): each is string => typeof each === 'string') ?? '');
    return ' \u2022 ';
  });
  const identifiers: string[] = [];
  rest = rest.replace(token, (word) => {
    const bare = word.replace(edges, '');
    if (!isIdentifier(bare)) return word;
    identifiers.push(bare);
    return word.replace(bare, '\u2022');
  });
  return { quoted, identifiers, names: namesOf(rest), rest };
}

function isIdentifier(word: string): boolean {
  if (/^[vV]?\d+([.,:’'-]\d+)*$/.test(word) || /^\d+\p{L}{1,12}$/u.test(word)) return false; // a number, perhaps with its unit
  if (/^\d+[.,]?\d*[-–]\p{L}+$/u.test(word)) return false; // 30-second
  return (
    /^-{1,2}\p{L}/u.test(word) ||
    /[\p{L}\p{N}][_\\@#$:]+\/*[\p{L}\p{N}]/u.test(word) ||
    /^[~.]?\/\p{L}|\/[^/]+[/.]/u.test(word) || // a path, and not "and/or"
    /\p{L}\.\p{L}{2}/u.test(word) ||
    (/\p{L}/u.test(word) && /\p{N}/u.test(word)) ||
    /\p{Ll}\p{Lu}/u.test(word) ||
    /^\p{Lu}{3,}s?$/u.test(word)
  );
}

/** Capitalised words that do not stand at a beginning. Nouns of German are no names: the caller has to know. */
function namesOf(text: string): string[] {
  const names: string[] = [];
  for (const { index, 0: word } of text.matchAll(/(?<![\p{L}\p{N}])\p{Lu}\p{Ll}[\p{L}\p{N}’']*/gu)) {
    const before = text.slice(0, index).trimEnd();
    if (before !== '' && !/[.:!?…•|–—-]$/u.test(before)) names.push(word.replace(/[’'].*$/u, ''));
  }
  return names;
}

/** Without marks of emphasis and of links. */
export function bareText(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\]\([^)\s]*\)/g, '$1')
    .replace(/(\*\*|__)(?=\S)(.+?)\1/gs, '$2')
    .replace(/(?<![\p{L}\p{N}*_])([*_])(?=\S)([^*_\n]+?)\1(?![\p{L}\p{N}*_])/gu, '$2');
}

/** As texts are compared to the letter: the same signs for quotes and dashes, single spaces, no marks of code, small letters. */
export function plainly(text: string): string {
  return bareText(text)
    .normalize('NFKC')
    .replace(/[`*]/g, '')
    .replace(/[“”„«»]/g, '"')
    .replace(/[‘’]/g, "'")
    .replace(/[‐‑–—−]/g, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

/** Whether a text has this and not only something longer; both as `plainly` makes them. */
export function holds(text: string, wanted: string): boolean {
  const isPart = (sign: string | undefined) => sign !== undefined && /[\p{L}\p{N}_]/u.test(sign);
  const [first, last] = [wanted[0], wanted.at(-1)];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const before = text[at - 1];
    const after = text[at + wanted.length];
    if (!(isPart(first) && isPart(before)) && !(isPart(last) && isPart(after))) return true;
  }
  return false;
}
