export type { Collection, Collections } from './collections/collections.ts';
export { knowledgeErrors } from './errors.ts';
export { createKnowledge, type Knowledge, type KnowledgeNews } from './knowledge.ts';
export { knowledgeMigrations } from './migrations.ts';
export { purgeKnowledge } from './purge.ts';
export { createReader, usualReadLimits } from './read/index.ts';
export { type KeyVault, keyringVault } from './sealing/index.ts';
export { openSource, sourcesErrors } from './sources/index.ts';
