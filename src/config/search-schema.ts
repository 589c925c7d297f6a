import { z } from 'zod';

const boost = z.number().min(0).max(100);

/** How passages are ranked. */
export const search = z
  .strictObject({
    // k1 and b as Robertson and Zaragoza found them good over many collections; a title says what its text is about.
    k1: z
      .number()
      .min(0)
      .max(10)
      .default(1.2)
      .describe('How much a word counts that a passage has again and again: 0 as if it stood there once'),
    b: z
      .number()
      .min(0)
      .max(1)
      .default(0.75)
      .describe('How far long passages are held to have more words only because they are long: 0 not at all, 1 fully'),
    boosts: z
      .strictObject({
        title: boost.default(2).describe('What a word in the title counts for, where one in the text counts for 1'),
        headings: boost.default(1).describe('What a word in the headings counts for'),
        phrase: boost
          .default(0.3)
          .describe('What words of the question add that stand together, beside what they are worth by themselves'),
      })
      .prefault({})
      .describe('What counts for more'),
    feedback: z
      .boolean()
      .default(false)
      .describe('Asks again with the words that the best passages share: helps questions, hurts searches for names'),
  })
  .prefault({})
  .describe('How passages are ranked; changes take effect at once, without a new index');

export type SearchSettings = z.infer<typeof search>;
