import type { Block } from '../chunk/index.ts';
import type { DocumentKind, ReadDocument } from '../types.ts';

/** What a reader makes of a document; chunks and language follow from it in one place. */
export interface Content {
  kind: DocumentKind;
  /** Undefined: the name of the file is all there is. */
  title?: string | undefined;
  blocks: Block[];
  metadata?: ReadDocument['metadata'];
  links?: Iterable<string>;
  warnings?: string[];
}

/** Of a thousand warnings nobody reads more than these. */
export const maxWarnings = 20;
