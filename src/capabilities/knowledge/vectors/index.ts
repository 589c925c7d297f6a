export { vectorsMigrations } from './migrations.ts';
export type { VectorHit, VectorSearch } from './search/search.ts';
export { purgeSpaces } from './spaces/store.ts';
export type { CollectionVectors } from './store.ts';
export { createVectors, type Vectors } from './vectors.ts';
