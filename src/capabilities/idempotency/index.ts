export { idempotencyErrors } from './errors.ts';
export { keptAnswers } from './holding.ts';
export { createIdempotency, type Idempotency } from './idempotency.ts';
export { idempotencyMigrations } from './migrations.ts';
export { purgeIdempotency } from './store.ts';
