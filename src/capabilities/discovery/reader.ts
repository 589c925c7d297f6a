import type { Inverted } from './inverted.ts';
import type { Thesaurus } from './thesaurus.ts';
import type { View } from './view.ts';

/** What is needed to understand a query. */
export interface Reader {
  inverted: Inverted;
  thesaurus: Thesaurus;
  view: View;
}
