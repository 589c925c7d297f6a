export type { Collection, Collections } from './collections/collections.ts';
export { knowledgeErrors } from './errors.ts';
export { createKnowledge, type Knowledge, type KnowledgeNews } from './knowledge.ts';
export { knowledgeMigrations } from './migrations.ts';
export { purgeKnowledge } from './purge.ts';
export { evaluationInput, gapDays, readQuestions } from './quality/index.ts';
export { createReader, usualReadLimits } from './read/index.ts';
export { createPages, openSource, sourcesErrors } from './sources/index.ts';
export type { CollectionVectors } from './vectors/index.ts';
