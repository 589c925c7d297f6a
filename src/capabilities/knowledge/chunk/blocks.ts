import type { ChunkKind, Place } from '../types.ts';

/** A stretch of a document under one heading. Two with the same words are two sections. */
export interface Section {
  /** The section around it; null for the document itself. */
  parent: Section | null;
  /** Its own and those around it, outermost first. */
  headings: readonly string[];
}

/** One item, row or member of a block, by which a large block is divided. */
export interface Part {
  text: string;
  line?: number;
  endLine?: number;
}

/** What readers make of a document: the smallest whole things, in the document's order. */
export interface Block {
  section: Section;
  kind: ChunkKind;
  text: string;
  place: Place;
  /** Each line of `text` is one line of the document, beginning at `place.line`: pieces of it know their own lines. */
  verbatim?: boolean;
  /** In place of cutting the text where it is too long: items, rows, members. */
  parts?: readonly Part[];
  /** Stands before every piece when parts are divided: the header of a table. */
  head?: string;
}

export const whole: Section = { parent: null, headings: [] };

export function sectionIn(parent: Section, heading: string): Section {
  return { parent, headings: [...parent.headings, heading] };
}

/** The blocks of a document whose headings have levels: h3 after h1 stands in h1, and the next h2 closes it. */
export interface Outline {
  readonly section: Section;
  open(level: number, heading: string, place: Place): void;
  add(block: Omit<Block, 'section'>): void;
  /** All blocks; a heading with nothing under it is one, too, so that its words are found. */
  blocks(): Block[];
}

export function createOutline(): Outline {
  let path: { level: number; section: Section }[] = [];
  const entries: { block: Block; heading: boolean }[] = [];
  const current = () => path.at(-1)?.section ?? whole;
  return {
    get section() {
      return current();
    },
    open(level, heading, place) {
      path = path.filter((each) => each.level < level);
      const section = sectionIn(current(), heading);
      path.push({ level, section });
      entries.push({ block: { section, kind: 'text', text: heading, place }, heading: true });
    },
    add(block) {
      if (block.text.trim() !== '') entries.push({ block: { ...block, section: current() }, heading: false });
    },
    blocks() {
      // Backwards, since what fills a heading stands after it.
      const filled = new Set<Section>();
      const kept: Block[] = [];
      for (const { block, heading } of entries.toReversed()) {
        if (heading && filled.has(block.section)) continue;
        kept.push(block);
        for (let at: Section | null = block.section; at && !filled.has(at); at = at.parent) filled.add(at);
      }
      return kept.reverse();
    },
  };
}
