import type { Chunk, ChunkKind, Place } from '../types.ts';
import { type Block, type Part, type Section, whole } from './blocks.ts';
import { splitText } from './split.ts';
import { estimateTokens, measureTokens } from './tokens.ts';

export interface ChunkOptions {
  /** Most tokens of a chunk, by estimate. */
  target: number;
  /** Tokens that are repeated where a text had to be cut. */
  overlap: number;
}

export const usualChunks: ChunkOptions = { target: 320, overlap: 40 };

/** What fits into a chunk, before small neighbours are put together. */
interface Fit {
  section: Section;
  kind: ChunkKind;
  text: string;
  tokens: number;
  place: Place;
  /** Its lines are lines of the document, so that the next line goes right below. */
  exact: boolean;
  /** What it was put together from. */
  mixed?: Fit[];
}

/** Passages of a document: never over a heading or a page, whole things whole where they fit. */
export function chunkBlocks(blocks: readonly Block[], options: ChunkOptions): Chunk[] {
  const fits = blocks.flatMap((block) => fitsOf(block, options));
  const chunks: Chunk[] = [];
  const first = new Map<Section, number>();
  for (const { section, kind, text, place } of together(fits, options.target)) {
    const ordinal = chunks.length;
    const parent = parentOf(section, first);
    chunks.push({ ordinal, parent, kind, headings: [...section.headings], text, tokens: estimateTokens(text), place });
    for (let at: Section | null = section; at && !first.has(at); at = at.parent) first.set(at, ordinal);
  }
  return chunks;
}

function parentOf(section: Section, first: ReadonlyMap<Section, number>): number | null {
  for (let at: Section | null = section; at && (at !== whole || section === whole); at = at.parent) {
    const found = first.get(at);
    if (found !== undefined) return found;
  }
  return null;
}

function fitsOf(block: Block, options: ChunkOptions): Fit[] {
  const { section, kind, place } = block;
  const exact = isExact(block);
  const tokens = measureTokens(block.text);
  if (tokens <= options.target) {
    const text = trimmed(block.text);
    if (text === '') return [];
    return [{ section, kind, text, tokens, place: block.verbatim ? placeWithin(block, text) : place, exact }];
  }
  return block.parts ? partsOf(block, block.parts, options) : cut(block, options);
}

function isExact({ verbatim, kind }: Block): boolean {
  return verbatim === true || kind === 'record';
}

/** Without the blank lines that were taken off. */
function placeWithin({ text, place }: Block, shown: string): Place {
  if (place.line === undefined) return place;
  const line = place.line + newlines(text, 0, text.indexOf(shown));
  return { ...place, line, endLine: line + newlines(shown, 0, shown.length) };
}

function cut(block: Block, { target, overlap }: ChunkOptions): Fit[] {
  const { section, kind, text } = block;
  const prose = kind === 'text';
  let seen = 0;
  let line = block.place.line ?? 1;
  return splitText(text, { target, overlap: prose ? overlap : 0, prose }).flatMap((piece): Fit[] => {
    const raw = text.slice(piece.start, piece.end);
    const shown = trimmed(raw);
    if (shown === '') return [];
    if (!block.verbatim)
      return [{ section, kind, text: shown, tokens: measureTokens(shown), place: block.place, exact: false }];
    // Pieces overlap, so that one may begin before the last one ended.
    const start = piece.start + raw.indexOf(shown);
    line += start >= seen ? newlines(text, seen, start) : -newlines(text, start, seen);
    seen = start;
    const endLine = line + newlines(shown, 0, shown.length);
    return [
      {
        section,
        kind,
        text: shown,
        tokens: measureTokens(shown),
        place: { ...block.place, line, endLine },
        exact: true,
      },
    ];
  });
}

/** As many parts as fit together, each time under the head. */
function partsOf(block: Block, parts: readonly Part[], options: ChunkOptions): Fit[] {
  const { section, kind } = block;
  const exact = isExact(block);
  const headTokens = block.head === undefined ? 0 : measureTokens(block.head);
  // A head that takes most of the room is said once.
  const repeated = headTokens <= options.target / 2 ? block.head : undefined;
  const room = options.target - (repeated === undefined ? 0 : headTokens);
  const fits: Fit[] = [];
  const say = (texts: readonly string[], place: Place) => {
    const text = trimmed([...(repeated === undefined ? [] : [repeated]), ...texts].join('\n'));
    if (text !== '')
      fits.push({ section, kind, text, tokens: measureTokens(text), place: { ...block.place, ...place }, exact });
  };
  const queue = repeated === undefined && block.head !== undefined ? [headPart(block, block.head), ...parts] : parts;
  let open: Part[] = [];
  let used = 0;
  const close = () => {
    if (open.length > 0) say(open.map(({ text }) => text), placeOf(open)); // biome-ignore format: one thought
    open = [];
    used = 0;
  };
  for (const part of queue) {
    const tokens = measureTokens(`${part.text}\n`);
    if (used + tokens > room) close();
    if (tokens <= room) {
      open.push(part);
      used += tokens;
      continue;
    }
    const prose = kind === 'list' || kind === 'table';
    for (const { start, end } of splitText(part.text, { target: room, overlap: 0, prose }))
      say([part.text.slice(start, end)], placeOf([part]));
  }
  close();
  return fits;
}

function headPart(block: Block, text: string): Part {
  const { line } = block.place;
  return line === undefined ? { text } : { text, line, endLine: line };
}

function placeOf(parts: readonly Part[]): Place {
  const line = parts[0]?.line;
  const endLine = parts.at(-1)?.endLine;
  return { ...(line === undefined ? {} : { line }), ...(endLine === undefined ? {} : { endLine }) };
}

/** Small neighbours of one section in one chunk. */
function together(fits: readonly Fit[], target: number): Fit[] {
  const merged: Fit[] = [];
  for (const fit of fits) {
    const last = merged.at(-1);
    if (
      last &&
      last.section === fit.section &&
      last.place.page === fit.place.page &&
      last.tokens + fit.tokens + 1 <= target
    )
      merged[merged.length - 1] = joined(last, fit);
    else merged.push(fit);
  }
  return merged;
}

function joined(one: Fit, other: Fit): Fit {
  const adjacent =
    one.exact && other.exact && one.place.endLine !== undefined && other.place.line === one.place.endLine + 1;
  const line = one.place.line ?? other.place.line;
  const endLine = other.place.endLine ?? one.place.endLine;
  const mixed = one.mixed ?? [one];
  return {
    section: one.section,
    kind: prevailing([...mixed, other]),
    text: `${one.text}${adjacent ? '\n' : '\n\n'}${other.text}`,
    tokens: one.tokens + other.tokens + 1,
    place: {
      ...one.place,
      ...(line === undefined ? {} : { line }),
      ...(endLine === undefined ? {} : { endLine }),
    },
    exact: other.exact,
    mixed: [...mixed, other],
  };
}

/** What nearly all of it is; else text. */
function prevailing(fits: readonly Fit[]): ChunkKind {
  const all = fits.reduce((sum, { tokens }) => sum + tokens, 0);
  const most = fits.toSorted((a, b) => b.tokens - a.tokens)[0]?.kind ?? 'text';
  const share = fits.reduce((sum, { kind, tokens }) => sum + (kind === most ? tokens : 0), 0);
  return share > all * 0.6 ? most : 'text';
}

/** Without blank lines around it; the indentation of its first line stays. */
function trimmed(text: string): string {
  return text.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd();
}

function newlines(text: string, start: number, end: number): number {
  // Within a slice: a text of one line would be searched to its end each time.
  const part = text.slice(start, end);
  let count = 0;
  for (let at = part.indexOf('\n'); at >= 0; at = part.indexOf('\n', at + 1)) count++;
  return count;
}
