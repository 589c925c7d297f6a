import type { ToolDefinition } from '../../kernel/tool.ts';
import { largestLimit, usualLimit } from './tool-index.ts';

/** The tool by which an agent finds all others. */
export const searchTools: ToolDefinition = {
  name: 'search_tools',
  title: 'Find tools',
  description:
    'Finds the tools that fit what you want to do, best first, out of many more than are listed. Say in a few words what should be done to what ("open a ticket", "logs of a failed build"). If the first five do not fit, say it in other words or name the toolset.',
  inputSchema: {
    type: 'object',
    properties: {
      query: {
        type: 'string',
        minLength: 1,
        description: 'What you want to do, in a few words; or the name of a tool.',
      },
      toolset: { type: 'string', description: 'Only tools of this toolset.' },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: largestLimit,
        default: usualLimit,
        description: 'At most so many tools.',
      },
    },
    required: ['query'],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
};
