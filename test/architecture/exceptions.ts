import type { Exception } from './rules.ts';

/** Where a rule does not hold, and why it need not. */
export const exceptions: readonly Exception[] = [];
