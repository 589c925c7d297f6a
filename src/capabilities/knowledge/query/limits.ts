/** Passages of one answer. */
export const usualLimit = 6;
export const largestLimit = 30;

/** Tokens that the passages of one answer have together. */
export const usualBudget = 3_000;
export const largestBudget = 50_000;

/**
 * How much of what was asked for the best passage has to speak of: below, nothing fits. Each word counts by what it tells,
 * so this means the same in every collection.
 */
export const answerableFrom = 0.5;
