/** Passages of one answer. */
export const usualLimit = 6;
export const largestLimit = 30;

/** Tokens that the passages of one answer have together. */
export const usualBudget = 3_000;
export const largestBudget = 50_000;
