export type { Limit } from './book.ts';
export { limitsErrors } from './errors.ts';
export { createLimits, type Limits } from './limits.ts';
export { limitsMigrations } from './migrations.ts';
export { purgeLimits } from './store.ts';
