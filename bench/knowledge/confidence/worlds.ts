import type { LexicalEntry } from '../../../src/capabilities/knowledge/lexical/index.ts';

/** A passage, and the questions' groups for which it can be taken away, since it answers them. */
export interface WorldEntry extends Pick<LexicalEntry, 'chunkId' | 'title' | 'headings' | 'text' | 'language'> {
  answersOf: Set<string>;
}

export interface WorldQuestion {
  text: string;
  /** Passages that answer it; none for a question that nothing answers. */
  answers: ReadonlySet<number>;
  /** It is asked once more of what is left without the passages that answer this group. */
  group?: string;
  /** Kept out of the fit. */
  isHeldOut: boolean;
}

/** A collection with questions to it. */
export interface World {
  kind: string;
  name: string;
  entries: WorldEntry[];
  questions: WorldQuestion[];
}
