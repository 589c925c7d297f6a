export { defaultLexicalSettings, type LexicalSettings } from './bm25.ts';
export type { Features } from './features.ts';
export { defaultFeedback, type FeedbackSettings } from './feedback.ts';
export type { LexicalEntry } from './lex.ts';
export { createLexical, type Lexical } from './lexical.ts';
export { lexicalMigrations } from './migrations.ts';
export type { Filters } from './reading/store.ts';
export type { LexicalHit, LexicalSearch } from './search.ts';
export { purgeLexical } from './store.ts';
