import { z } from 'zod';

/** What is kept of what calls have cost. */
export const usage = z.strictObject({
  retentionDays: z.int().positive().max(3_660).default(400).describe('Days that reports can look back'),
});

export type UsageSettings = z.infer<typeof usage>;
