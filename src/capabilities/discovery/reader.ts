import type { Inverted } from './inverted.ts';
import type { Thesaurus } from './thesaurus.ts';

/** What is needed to understand a query. */
export interface Reader {
  inverted: Inverted;
  thesaurus: Thesaurus;
  /** Whether any tool that may be found has the term. */
  isLive(term: string): boolean;
}
