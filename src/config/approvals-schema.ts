import { z } from 'zod';
import { pointerPattern } from '../kernel/pointer.ts';
import { toolId, toolPattern } from './endpoint-schema.ts';
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

const anyOf = z
  .strictObject({
    tools: z.array(toolPattern).min(1).describe('One of these tools; * at the end stands for any rest'),
    tags: names.describe('Tools with one of these risk tags'),
  })
  .partial()
  .refine((one) => Object.keys(one).length > 0, 'must name tools or tags');

const pointer = z.string().regex(pointerPattern, 'must be a JSON pointer such as /spec/name');

const filled = z.union([
  z.strictObject({ from: pointer.describe("JSON pointer into the call's arguments") }),
  z.strictObject({ value: z.json().describe('The same for every call') }),
]);

const values = z.record(z.string().min(1), z.json()).refine((one) => Object.keys(one).length > 0, 'must set something');

const beside = {
  of: anyOf.describe('Before calls of which tools'),
  org: slug.optional().describe('Organisation that it holds in; in each of them when absent'),
  arguments: z
    .record(z.string().min(1), filled)
    .optional()
    .describe('What it is called with; the arguments of the call itself when absent'),
  set: values.optional().describe('Arguments on top of those'),
};

const preview = z
  .strictObject({
    ...beside,
    tool: toolId
      .optional()
      .describe('A read-only tool that shows what would change; the tool itself when absent, by `set`'),
    timeoutSeconds: z.int().positive().max(30).default(10).describe('How long it may take'),
  })
  .refine(
    ({ tool, set }) => tool !== undefined || set !== undefined,
    'must name a tool, or what the tool itself is called with so that it only shows what it would do',
  );

const backup = z.strictObject({
  ...beside,
  tool: toolId.describe('The tool that makes it'),
  id: pointer.describe("JSON pointer into its structured result: the backup's id"),
  as: z
    .enum(['caller', 'house'])
    .default('caller')
    .describe('By whose rights: of who asked for the call, or of this server itself'),
  required: z.boolean().default(true).describe('Whether the call is not made where the backup failed'),
  timeoutSeconds: z.int().positive().max(3_600).default(300).describe('How long it may take'),
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
  previews: z
    .array(preview)
    .max(200)
    .default([])
    .describe('What shows those who decide what a call would change; the first entry that fits counts'),
  backups: z
    .array(backup)
    .max(200)
    .default([])
    .describe('What is saved before an approved call is made; the first entry that fits counts'),
});

export type ApprovalsSettings = z.infer<typeof approvals>;
