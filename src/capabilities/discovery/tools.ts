import type { JsonObject } from '../../kernel/json.ts';
import type { ToolDefinition } from '../../kernel/tool.ts';
import { largestLimit, usualLimit } from './tool-index.ts';

const reads = { readOnlyHint: true, openWorldHint: false };
const name = { type: 'string', minLength: 1, description: 'Name of the tool, as search_tools gives it.' };

/** The tool by which an agent finds all others. */
export const searchTools: ToolDefinition = {
  name: 'search_tools',
  title: 'Find tools',
  description:
    'Finds the tools that fit what you want to do, best first, out of many more than are listed. Use it whenever no listed tool does what you need; not for searching in documents or data. Say in a few words what should be done to what ("open a ticket", "logs of a failed build"). If the first five do not fit, say it in other words or name the toolset.',
  inputSchema: {
    type: 'object',
    properties: {
      query: {
        type: 'string',
        minLength: 1,
        maxLength: 2_000,
        description: 'What you want to do, in a few words; or the name of a tool.',
        examples: ['open a ticket', 'logs of a failed build'],
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
  outputSchema: {
    type: 'object',
    properties: {
      tools: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            toolset: { type: 'string' },
            title: { type: 'string' },
            description: { type: 'string' },
            score: { type: 'number' },
          },
          required: ['name', 'toolset', 'score'],
        },
      },
    },
    required: ['tools'],
  },
  annotations: reads,
};

/** The tool by which an agent learns how another is called. */
export const describeTool: ToolDefinition = {
  name: 'describe_tool',
  title: 'Look at a tool',
  description:
    'Tells how a tool is called and what it does: its whole description, its input schema, what it changes, what it costs and how long it takes. Use it before you call a tool that you found with search_tools; not needed for tools that are listed.',
  inputSchema: {
    type: 'object',
    properties: { name: { ...name, examples: ['git_git_log'] } },
    required: ['name'],
    additionalProperties: false,
  },
  annotations: reads,
};

/** The tool through which an agent calls one that is not listed. The gateway puts that one in its place. */
export const callTool: ToolDefinition = {
  name: 'call_tool',
  title: 'Call a tool',
  description:
    'Calls a tool that you found with search_tools, exactly as if it were listed: with the same rights, and the same result. Use describe_tool first for its arguments. Do not use it for tools that are listed: call those directly.',
  inputSchema: {
    type: 'object',
    properties: {
      name: { ...name, examples: ['git_git_log'] },
      arguments: {
        type: 'object',
        description: "Arguments by the tool's own input schema.",
        examples: [{ repo_path: '.' }],
        additionalProperties: true,
      },
    },
    required: ['name'],
    additionalProperties: false,
  },
  // What it comes to is what the tool does that it calls.
  annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true } satisfies JsonObject,
};
