import { z } from 'zod';

/** Calls that wait for consent. */
export const approvals = z.strictObject({
  expiryMinutes: z
    .int()
    .positive()
    .max(7 * 24 * 60)
    .default(60)
    .describe('How long a request waits for a decision, and once approved for its start'),
});

export type ApprovalsSettings = z.infer<typeof approvals>;
