import { looksLatin } from './confusables.ts';

export type HiddenKind = 'zero-width' | 'bidi' | 'tags' | 'variation' | 'control' | 'private-use';

/** A stretch of characters of one kind that a reader does not see and a model does. */
export interface HiddenRun {
  kind: HiddenKind;
  start: number;
  text: string;
}

const suspect =
  /[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u{FFF9}-\u{FFFB}\u{2800}]/u;
const hasSuspect = /[^\n\r\t\x20-\x7E]|\r(?!\n)/;
const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
/** Scripts that are written with joiners and non-joiners. */
const joining =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Mongolian}]/u;
const pictographic = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u{FE0F}/u;

/** What is hidden in a text. Emoji and scripts that need such characters may have them. */
export function hiddenIn(text: string): HiddenRun[] {
  if (!hasSuspect.test(text)) return [];
  const runs: HiddenRun[] = [];
  const isRightToLeft = rightToLeft.test(text);
  let before = '';
  let flag = false; // within the tags of a flag's emoji
  for (let at = 0; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const after = text.codePointAt(at + character.length);
    const kind = suspect.test(character) ? kindOf(character, after) : undefined;
    if (before === '\u{1F3F4}') flag = isFlag(text, at);
    else if (kind !== 'tags') flag = false;
    if (kind && !flag && !isProper(kind, character, before, after, isRightToLeft)) {
      const last = runs.at(-1);
      if (last && last.kind === kind && last.start + last.text.length === at) last.text += character;
      else runs.push({ kind, start: at, text: character });
    }
    before = character;
    at += character.length;
  }
  return runs;
}

/** A text with everything hidden spelled out, and letters of one alphabet posing as another's named. */
export function visible(text: string): string {
  let shown = '';
  let at = 0;
  for (const run of hiddenIn(text)) {
    shown += marked(text.slice(at, run.start)) + spelled(run);
    at = run.start + run.text.length;
  }
  return shown + marked(text.slice(at));
}

/** What tag characters say: each stands for an ASCII character. */
export function taggedText(tags: string): string {
  let said = '';
  for (const character of tags) {
    const code = (character.codePointAt(0) ?? 0) - 0xe0000;
    if (code >= 0x20 && code < 0x7f) said += String.fromCharCode(code);
  }
  return said;
}

/** A text without what is hidden in it. */
export function withoutHidden(text: string): string {
  if (!hasSuspect.test(text)) return text;
  return text.replace(/[\p{Default_Ignorable_Code_Point}\p{Co}\p{Cs}\u{2800}]|[^\P{Cc}\s]/gu, '');
}

function kindOf(character: string, after: number | undefined): HiddenKind | undefined {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x0a || code === 0x09 || (code === 0x0d && after === 0x0a)) return undefined;
  if (code >= 0xe0000 && code < 0xe0080) return 'tags';
  if ((code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0100 && code <= 0xe01ef)) return 'variation';
  if (code === 0x61c || code === 0x200e || code === 0x200f) return 'bidi';
  if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) return 'bidi';
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(character)) return 'control';
  return /\p{Co}/u.test(character) ? 'private-use' : 'zero-width';
}

function isProper(kind: HiddenKind, character: string, before: string, after: number | undefined, rtl: boolean) {
  const next = after === undefined ? '' : String.fromCodePoint(after);
  if (kind === 'bidi') return rtl && /[\u061C\u200E\u200F\u2066-\u2069]/.test(character);
  if (kind === 'variation') {
    if (character.length > 1) return /\p{Script=Han}/u.test(before);
    return /[\p{Extended_Pictographic}\p{Emoji}\p{Math}\p{Script=Han}]/u.test(before);
  }
  if (character === '\u200D' && pictographic.test(before) && pictographic.test(next)) return true;
  return (character === '\u200C' || character === '\u200D') && joining.test(before) && /[\p{L}\p{M}\s]/u.test(next);
}

const isFlag = (text: string, at: number) =>
  /^[\u{E0061}-\u{E007A}\u{E0030}-\u{E0039}]{3,6}\u{E007F}/u.test(text.slice(at, at + 14));

function spelled({ kind, text }: HiddenRun): string {
  if (kind === 'tags') return `⟨TAG CHARACTERS "${taggedText(text)}"⟩`;
  const counted: { character: string; times: number }[] = [];
  for (const character of text) {
    const last = counted.at(-1);
    if (last?.character === character) last.times++;
    else counted.push({ character, times: 1 });
  }
  const shown = counted.slice(0, maxSpelled).map(({ character, times }) => {
    const code = character.codePointAt(0) ?? 0;
    return `⟨${codeName(code)} ${nameOf(code, kind)}${times > 1 ? ` ×${times}` : ''}⟩`;
  });
  return shown.join('') + (counted.length > maxSpelled ? `⟨and ${counted.length - maxSpelled} more⟩` : '');
}

const maxSpelled = 12;

/** Letters that pose as Latin ones, each with its number. */
function marked(text: string): string {
  return text.replace(/[^\s\p{ASCII}]*[\p{L}\p{M}\p{N}_]+/gu, (word) => {
    if (/^\p{ASCII}*$/u.test(word) || !isMixed(word)) return word;
    return word.replace(/\P{ASCII}/gu, (letter) =>
      looksLatin(letter) ? `⟨${codeName(letter.codePointAt(0) ?? 0)} ${letter}⟩` : letter,
    );
  });
}

/** Whether a word has Latin letters and others that could be taken for Latin ones. */
export function isMixed(word: string): boolean {
  if (!/\p{Script=Latin}/u.test(word)) return false;
  for (const letter of word)
    if (!/[\p{Script=Latin}\p{Script=Common}]/u.test(letter) && looksLatin(letter)) return true;
  return false;
}

const codeName = (code: number) => `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;

function nameOf(code: number, kind: HiddenKind): string {
  const name = characterNames[code];
  if (name) return name;
  if (kind === 'variation') return `VARIATION SELECTOR-${code >= 0xe0100 ? code - 0xe0100 + 17 : code - 0xfe00 + 1}`;
  return otherNames[kind];
}

const otherNames: Record<HiddenKind, string> = {
  'zero-width': 'INVISIBLE',
  bidi: 'TEXT DIRECTION',
  tags: 'TAG',
  variation: 'VARIATION SELECTOR',
  control: 'CONTROL',
  'private-use': 'PRIVATE USE',
};

const characterNames: Record<number, string> = {
  0: 'NULL',
  7: 'BELL',
  8: 'BACKSPACE',
  11: 'LINE TABULATION',
  12: 'FORM FEED',
  13: 'CARRIAGE RETURN',
  27: 'ESCAPE',
  127: 'DELETE',
  155: 'CONTROL SEQUENCE INTRODUCER',
  173: 'SOFT HYPHEN',
  847: 'COMBINING GRAPHEME JOINER',
  1564: 'ARABIC LETTER MARK',
  4447: 'HANGUL CHOSEONG FILLER',
  4448: 'HANGUL JUNGSEONG FILLER',
  6158: 'MONGOLIAN VOWEL SEPARATOR',
  8203: 'ZERO WIDTH SPACE',
  8204: 'ZERO WIDTH NON-JOINER',
  8205: 'ZERO WIDTH JOINER',
  8206: 'LEFT-TO-RIGHT MARK',
  8207: 'RIGHT-TO-LEFT MARK',
  8232: 'LINE SEPARATOR',
  8233: 'PARAGRAPH SEPARATOR',
  8234: 'LEFT-TO-RIGHT EMBEDDING',
  8235: 'RIGHT-TO-LEFT EMBEDDING',
  8236: 'POP DIRECTIONAL FORMATTING',
  8237: 'LEFT-TO-RIGHT OVERRIDE',
  8238: 'RIGHT-TO-LEFT OVERRIDE',
  8288: 'WORD JOINER',
  8289: 'FUNCTION APPLICATION',
  8290: 'INVISIBLE TIMES',
  8291: 'INVISIBLE SEPARATOR',
  8292: 'INVISIBLE PLUS',
  8294: 'LEFT-TO-RIGHT ISOLATE',
  8295: 'RIGHT-TO-LEFT ISOLATE',
  8296: 'FIRST STRONG ISOLATE',
  8297: 'POP DIRECTIONAL ISOLATE',
  10240: 'BRAILLE PATTERN BLANK',
  12644: 'HANGUL FILLER',
  65279: 'ZERO WIDTH NO-BREAK SPACE',
  65440: 'HALFWIDTH HANGUL FILLER',
};
