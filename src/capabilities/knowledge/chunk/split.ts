import { measureTokens } from './tokens.ts';

/** From `start` to `end` in the text that was given. */
export interface Piece {
  start: number;
  end: number;
}

export interface SplitOptions {
  /** Most tokens of a piece. */
  target: number;
  /** Most tokens that a piece takes over from the one before it. */
  overlap: number;
  /** Sentences end at full stops, and lines are only where the text was wrapped. */
  prose: boolean;
}

/** How good a place to cut: the end of a character, word, line, sentence, paragraph, paragraph of the outermost level. */
const strengths = { character: 0, word: 1, line: 2, sentence: 3, paragraph: 4, outer: 5 } as const;

interface Unit extends Piece {
  tokens: number;
  /** Of the boundary after it. */
  strength: number;
}

/**
 * Cuts a text that is too long where it hurts least: the best boundary in the second half of what fits. The pieces cover
 * all of it.
 */
export function splitText(text: string, { target, overlap, prose }: SplitOptions): Piece[] {
  const units = unitsOf(text, target, prose);
  const shared = Math.min(overlap, target / 2);
  const pieces: Piece[] = [];
  let from = 0;
  let fresh = 0; // first unit that no piece has yet
  while (fresh < units.length) {
    let to = endOfFit(units, from, target);
    if (to <= fresh) {
      from = fresh; // what is taken over leaves no room for the next
      to = endOfFit(units, from, target);
    }
    if (to < units.length) to = bestCut(units, Math.max(from, fresh), to);
    pieces.push({ start: units[from]?.start ?? 0, end: units[to - 1]?.end ?? text.length });
    fresh = to;
    from = shared > 0 ? startOfOverlap(units, fresh, shared) : fresh;
  }
  return pieces;
}

/** The first unit after those that fit; at least one does. */
function endOfFit(units: readonly Unit[], from: number, target: number): number {
  let tokens = 0;
  let to = from;
  while (to < units.length) {
    tokens += units[to]?.tokens ?? 0;
    if (tokens > target && to > from) break;
    to++;
  }
  return to;
}

function bestCut(units: readonly Unit[], from: number, to: number): number {
  let half = 0;
  for (let at = from; at < to; at++) half += (units[at]?.tokens ?? 0) / 2;
  let best = to;
  let tokens = 0;
  for (let at = to - 1; at > from; at--) {
    tokens += units[at]?.tokens ?? 0;
    if (tokens > half) break;
    if ((units[at - 1]?.strength ?? 0) > (units[best - 1]?.strength ?? 0)) best = at;
  }
  return best;
}

/** A whole sentence if one fits, else as many words. */
function startOfOverlap(units: readonly Unit[], end: number, overlap: number): number {
  let tokens = 0;
  let sentence = end;
  let word = end;
  for (let at = end - 1; at > 0; at--) {
    tokens += units[at]?.tokens ?? 0;
    if (tokens > overlap) break;
    const strength = units[at - 1]?.strength ?? 0;
    if (strength >= strengths.sentence) sentence = at;
    if (strength >= strengths.word) word = at;
  }
  return sentence < end ? sentence : word;
}

// Latin stops need a blank after them, so that 3.14 and e.g.this stay whole; those of Chinese and Japanese do not.
const sentenceEnd = /[.!?\u2026]["'\u2019\u201d)\]]*[ \t]+|[\u3002\uff01\uff1f]/g;

function unitsOf(text: string, target: number, prose: boolean): Unit[] {
  const units: Unit[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline + 1;
    addLine(units, text, start, end, target, prose);
    start = end;
  }
  return units;
}

function addLine(units: Unit[], text: string, start: number, end: number, target: number, prose: boolean): void {
  const line = text.slice(start, end);
  if (line.trim() === '') {
    const last = units.at(-1);
    // A blank line belongs to what stands before it; what follows says whether this is the outermost level.
    if (last) {
      last.end = end;
      last.tokens += measureTokens(line);
      last.strength = /\S/.test(text.charAt(end)) ? strengths.outer : Math.max(last.strength, strengths.paragraph);
    } else units.push({ start, end, tokens: measureTokens(line), strength: strengths.line });
    return;
  }
  let from = start;
  if (prose) {
    for (const { index, 0: found } of line.matchAll(sentenceEnd)) {
      const to = start + index + found.length;
      if (to >= end) break;
      addWhole(units, text, from, to, target, strengths.sentence);
      from = to;
    }
  }
  const strength =
    prose && /[.!?\u2026]["'\u2019\u201d)\]]*\s*$/.test(line.slice(-12)) ? strengths.sentence : strengths.line;
  addWhole(units, text, from, end, target, strength);
}

/** As one unit if it fits, else by words, else in halves. */
function addWhole(units: Unit[], text: string, start: number, end: number, target: number, strength: number): void {
  const tokens = measureTokens(text.slice(start, end));
  if (tokens <= target) {
    units.push({ start, end, tokens, strength });
    return;
  }
  let from = start;
  const words = /\s+/g;
  words.lastIndex = start;
  for (let found = words.exec(text); found && words.lastIndex < end; found = words.exec(text)) {
    addWord(units, text, from, words.lastIndex, target, strengths.word);
    from = words.lastIndex;
  }
  addWord(units, text, from, end, target, strength);
}

function addWord(units: Unit[], text: string, start: number, end: number, target: number, strength: number): void {
  const most = 8 * target; // no estimate is below an eighth of a token a character
  let from = start;
  for (; end - from > most; from = boundary(text, from + most))
    addHalves(units, text, from, boundary(text, from + most), target, strengths.character);
  addHalves(units, text, from, end, target, strength);
}

function addHalves(units: Unit[], text: string, start: number, end: number, target: number, strength: number): void {
  const tokens = measureTokens(text.slice(start, end));
  const half = boundary(text, (start + end) >> 1);
  if (tokens <= target || half <= start) {
    units.push({ start, end, tokens, strength });
    return;
  }
  addHalves(units, text, start, half, target, strengths.character);
  addHalves(units, text, half, end, target, strength);
}

/** Not between the two halves of a character. */
function boundary(text: string, at: number): number {
  return isLowSurrogate(text.charCodeAt(at)) ? at - 1 : at;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
