import { z } from 'zod';
import { largestBudget, largestLimit, usualBudget, usualLimit } from '../../query/limits.ts';

/** Half of a surrogate pair is taken by no database as JSON. */
const whole = (text: string) => text.isWellFormed();
const halved = 'must not hold half a character';
const text = z.string().trim().min(1).max(1_000).refine(whole, halved);
const several = <T extends z.ZodType<string>>(one: T) =>
  z
    .union([one.transform((value) => [value]), z.array(one).min(1).max(20)])
    .describe('One, or a list')
    .optional();
const nowhere = 'none';

/** One question with where its answer stands. */
export const evaluationQuestion = z
  .strictObject({
    question: z.string().trim().min(1).max(4_000).refine(whole, halved).describe('As an agent would ask it'),
    id: text.optional().describe('By which it is known from one time to the next; the question itself when absent'),
    expect: several(text).describe(
      'Documents of which one has the answer, by address, `collection/address` or title; `none` where nothing has it',
    ),
    every: z.boolean().optional().describe('All of those documents are wanted, not one of them'),
    phrase: several(text).describe('Words that the passage must have, all of them in one'),
    collections: z.array(text.max(100)).min(1).max(20).optional().describe('Asked; all when absent'),
    tags: z.array(text).max(20).optional().describe('By which figures are told apart'),
  })
  .superRefine(({ expect, every, phrase }, context) => {
    const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (!expect && !phrase) fault('expect', 'is missing: name documents, a phrase, or none');
    if (expect?.includes(nowhere)) {
      if (expect.length > 1) fault('expect', 'none stands alone');
      if (phrase) fault('phrase', 'goes with no question that has no answer');
    }
    if (every && (expect?.length ?? 0) < 2) fault('every', 'wants two documents or more');
    if (every && phrase) fault('phrase', 'does not go with every, since it is looked for in one passage');
  });

/** A set of questions, as it is asked. */
export const evaluationInput = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .refine(whole, halved)
      .default('default')
      .describe('By which it is compared with the time before'),
    limit: z.int().min(1).max(largestLimit).default(usualLimit).describe('Passages for each question'),
    maxTokens: z
      .int()
      .min(100)
      .max(largestBudget)
      .default(usualBudget)
      .describe('Tokens that the passages of a question have together'),
    questions: z.array(evaluationQuestion).min(1).max(2_000),
  })
  .superRefine(({ questions }, context) => {
    const seen = new Set<string>();
    for (const [at, question] of questions.entries()) {
      const key = keyOf(question);
      if (seen.has(key))
        context.addIssue({
          code: 'custom',
          path: ['questions', at, 'id'],
          message: 'stands there twice: give it an id',
        });
      seen.add(key);
    }
  });

export type EvaluationQuestion = z.output<typeof evaluationQuestion>;
export type EvaluationInput = z.output<typeof evaluationInput>;

/** What is the same question as the last time. */
export function keyOf({ id, question }: Pick<EvaluationQuestion, 'id' | 'question'>): string {
  return id ?? question;
}

export function wantsNothing({ expect }: EvaluationQuestion): boolean {
  return expect?.[0] === nowhere;
}
