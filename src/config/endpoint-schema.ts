import { z } from 'zod';
import { annotationOverride, consentOverride, roleNames, slug, toolset } from './words.ts';

export const toolPattern = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,23}\../s, 'must be a tool such as jira.create_issue, or several such as jira.get_*');
export const toolId = toolPattern.refine((id) => !id.endsWith('*'), 'must be one tool such as jira.create_issue');

const selector = z
  .strictObject({
    toolsets: z.array(toolset).min(1).describe('Of one of these toolsets'),
    tools: z.array(toolPattern).min(1).describe('One of these; * at the end stands for any rest'),
    tags: z.array(z.string().min(1)).min(1).describe('With one of these tags'),
    annotations: annotationOverride.describe('That are known to be so'),
  })
  .partial()
  .refine((one) => Object.keys(one).length > 0, 'must name toolsets, tools, tags or annotations');

const toolOverride = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ and -')
      .describe('Name on the wire, as it stands'),
    title: z.string().min(1).describe('What people read'),
    description: z.string().min(1).describe('What models read'),
    fixed: z.record(z.string(), z.unknown()).describe('Parameters that callers neither see nor set, with their values'),
    annotations: z
      .strictObject({
        readOnly: z.literal(false),
        destructive: z.literal(true),
        idempotent: z.literal(false),
        openWorld: z.literal(true),
      })
      .partial()
      .describe('Only what makes it count as more dangerous'),
    consent: consentOverride,
  })
  .partial();

/** How the tools of an endpoint are shown, whichever they are. */
export const presentation = {
  disclosure: z
    .enum(['full', 'search'])
    .default('full')
    .describe('Whether all tools are listed, or tools to search, describe and call them'),
  pinned: z.array(toolId).default([]).describe('Tools that are listed also where the others have to be searched'),
  instructions: z.string().min(1).optional().describe('What models read about this endpoint first'),
  tools: z.record(toolId, toolOverride).default({}).describe('By tool: how it is shown and called here'),
};

const selection = {
  toolsets: z.array(toolset).optional().describe('Toolsets served here; all of them when absent'),
  include: z.array(selector).min(1).optional().describe('Only tools that fit one of these, in all that it says'),
  exclude: z.array(selector).min(1).optional().describe('No tools that fit one of these, in all that it says'),
  naming: z
    .enum(['prefixed', 'bare'])
    .default('prefixed')
    .describe('Names as toolset_name, or as the upstream has them where none collide'),
};

/** An endpoint as it can be added at run time. */
export const endpointChoice = z.strictObject({ ...selection, ...presentation });

export const endpoint = z.strictObject({
  org: slug.default('default').describe('Organisation whose tools it selects from'),
  ...selection,
  ...presentation,
  anonymous: z.enum(roleNames).optional().describe('Role of callers without a token; refused off loopback'),
});

/** Name of an endpoint, as it stands in its address. */
export const endpointName = slug;

export type EndpointSettings = z.infer<typeof endpoint>;
export type EndpointChoice = z.infer<typeof endpointChoice>;
export type Presentation = Omit<EndpointChoice, keyof typeof selection>;
export type ToolSelector = z.infer<typeof selector>;
export type ToolOverride = z.infer<typeof toolOverride>;
