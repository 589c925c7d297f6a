import { z } from 'zod';

/** How passages are ranked. Each owner reads its own keys: `lexical` the first four, `query` the others. */
export const searchSettings = z.strictObject({
  k1: z.number().min(0).max(10).default(1.2).describe('How soon further occurrences of a word count for less (BM25)'),
  b: z
    .number()
    .min(0)
    .max(1)
    .default(0.75)
    .describe('How far long passages are held to say more only because they are long (BM25)'),
  boosts: z
    .strictObject({
      title: z.number().min(0).max(20).default(2).describe('A word in the title, against one in the text'),
      headings: z.number().min(0).max(20).default(1).describe('A word in the headings above, against one in the text'),
      phrase: z.number().min(0).max(5).default(0.3).describe('Words of the question that stand together'),
    })
    .prefault({})
    .describe('What counts for more'),
  feedback: z
    .boolean()
    .default(false)
    .describe(
      'Whether a question is asked again with the words of what was found: better for questions, worse for names',
    ),
  fusion: z
    .enum(['scores', 'ranks'])
    .default('scores')
    .describe('How words and meaning become one ranking: by their scores, or by their places (reciprocal rank fusion)'),
  vectorWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('What meaning counts for beside words, where a collection has an embedding model'),
  decompose: z
    .enum(['off', 'rules', 'model'])
    .default('rules')
    .describe(
      'Whether a question that consists of several is also asked part by part: told by rule, or by the chat model where the rules see only one',
    ),
  answerableFrom: z
    .number()
    .min(0)
    .max(1)
    .default(0.35)
    .describe('How sure it must be that a passage answers a question; below, the caller is told that nothing fits'),
  rerank: z
    .int()
    .min(0)
    .max(200)
    .default(30)
    .describe('So many of the best are put into order by the reranker, where there is one'),
  cache: z
    .strictObject({
      entries: z.int().min(0).max(100_000).default(1_000).describe('Rankings that are remembered; 0 for none'),
      similarity: z
        .number()
        .min(0.8)
        .max(1)
        .default(0.97)
        .describe('How near in meaning a question must be to one before it to be answered alike; 1 for the same words'),
    })
    .prefault({})
    .describe('Questions that were asked before, while nothing has changed for whoever asks'),
});

export type SearchSettings = z.infer<typeof searchSettings>;
