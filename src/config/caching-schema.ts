import { z } from 'zod';
import { eventPattern } from '../kernel/events.ts';
import { toolPattern } from './endpoint-schema.ts';
import { slug } from './words.ts';

const tags = z.array(slug).min(1).max(20);
const tools = z.array(toolPattern).min(1).describe('These tools; * at the end stands for any rest');
const org = slug.optional().describe('Organisation that it holds in; in each of them when absent');

/** Results of read-only tools that are told again. */
export const caching = z.strictObject({
  maxMiB: z.int().positive().max(65_536).default(64).describe('Most that each server keeps, in its memory'),
  results: z
    .array(
      z.strictObject({
        tools,
        org,
        ttlSeconds: z
          .int()
          .positive()
          .max(30 * 86_400)
          .describe('How long a result is told again'),
        shared: z
          .boolean()
          .default(false)
          .describe('Whether one caller is told what another one got; only for tools that tell everybody the same'),
        tags: tags.optional().describe('What it is about, for those who make it untrue'),
      }),
    )
    .default([])
    .describe(
      'Which results; of several entries that name a tool the first one counts, and tools that change something are not cached',
    ),
  invalidations: z
    .array(
      z
        .strictObject({
          tools: tools.optional(),
          events: z
            .array(z.string().regex(eventPattern, 'must be a type such as hook.github.push, or end with a star'))
            .min(1)
            .optional()
            .describe('These events; * at the end stands for any rest'),
          org,
          tags,
        })
        .refine((one) => one.tools !== undefined || one.events !== undefined, 'must name tools or events'),
    )
    .default([])
    .describe('Calls and events after which results with these tags are told no more'),
});

export type CachingSettings = z.infer<typeof caching>;
