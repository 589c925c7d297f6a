import { z } from 'zod';
import { toolPattern } from './endpoint-schema.ts';
import { roleNames, slug } from './words.ts';

const names = z.array(z.string().min(1).max(200)).min(1).max(100);
const minutes = z
  .int()
  .positive()
  .max(7 * 24 * 60);

const which = z
  .strictObject({
    tools: z.array(toolPattern).min(1).describe('Of one of these tools; * at the end stands for any rest'),
    tags: names.describe('Of tools with one of these risk tags'),
    policies: names.describe('For which one of these rules asks for consent, by the name or the @id of the rule'),
  })
  .partial()
  .refine((one) => Object.keys(one).length > 0, 'must name tools, tags or policies');

const approvers = z
  .strictObject({
    roles: z.array(z.enum(roleNames)).min(1).describe('Who has one of these roles, or one above it'),
    teams: names.describe('Who is in one of these teams'),
  })
  .partial()
  .refine((one) => Object.keys(one).length > 0, 'must name roles or teams');

const rule = z.strictObject({
  of: which.optional().describe('Which calls, in all that it says; every one when absent'),
  org: slug.optional().describe('Organisation that it holds in; in each of them when absent'),
  approvers: approvers.optional().describe('Who decides, in place of all who carry approvals:decide'),
  twoPersons: z.boolean().default(false).describe('Whether two people have to approve'),
  expiryMinutes: minutes.optional().describe('In place of the usual time'),
});

/** Calls that wait for consent. */
export const approvals = z.strictObject({
  expiryMinutes: minutes
    .default(60)
    .describe('How long a request waits for a decision, and once approved for its start'),
  rules: z
    .array(rule)
    .max(200)
    .default([])
    .describe('Who decides on which calls; of several entries that fit a call the first one counts'),
});

export type ApprovalsSettings = z.infer<typeof approvals>;
