import { outcomes } from '../../kernel/call.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { ToolDefinition } from '../../kernel/tool.ts';
import type { PlanLimits } from './limits.ts';

/** The tool as MCP lists it. What its schema cannot say well is said by the check of the whole plan. */
export function definitionOf(name: string, limits: PlanLimits): ToolDefinition {
  return {
    name,
    title: 'Run several tools as one plan',
    description: descriptionOf(limits),
    inputSchema: inputSchemaOf(limits),
    outputSchema,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  };
}

const example = {
  steps: [
    { id: 'found', tool: 'jira_search', arguments: { jql: 'project = WEB' }, select: ['total'] },
    {
      id: 'issues',
      tool: 'jira_get_issue',
      forEach: { $ref: 'found.issues[0:5]' },
      arguments: { key: { $ref: 'item.key' } },
      select: ['key', 'fields.status.name', 'fields.comments[*].author'],
    },
    {
      id: 'note',
      tool: 'slack_post',
      arguments: { channel: '#web', text: { $template: 'WEB has {{found.total}} issues' } },
    },
  ],
  return: ['issues'],
};

function descriptionOf({ maxCalls, timeMs }: PlanLimits): string {
  return [
    `Runs several tool calls in one request (at most ${maxCalls}, within ${timeMs / 1000} s). Results pass from step to step inside the server; only what you select comes back.`,
    '',
    'Use it when a call needs values of an earlier one (search, then get each), when independent calls can run at once, or when results are large and you need a few fields. Not for a single small call, nor where only the result tells what comes next; a tool that you have not used yet is better called alone first, to see what its results look like.',
    '',
    'Steps run in order; the steps of {"parallel": [...]} run at once. The value of a step is its structured result; else its text parsed, where that is a JSON object or list; else {"text": "..."}. Of forEach it is the list of the values.',
    '- {"$ref": "<id>.<path>"} in arguments puts in any part of an earlier value: found.issues[0].key, found.issues[*].key (all), found.issues[0:5] (a slice), found["odd key"]. {"$ref": "...", "default": []} where it may be missing.',
    '- {"$template": "text {{<id>.<path>}} text"} puts values into text. Plain strings are never changed. {"$literal": ...} passes anything as it is.',
    '- forEach makes one call for each item of a list; its arguments refer to the item as {"$ref": "item.key"}. In order, or several at once with concurrency.',
    '- select keeps only these paths of each result, in its own shape. It changes what comes back, not what a $ref sees. return names the steps whose values come back (default: all).',
    '- The first step that fails ends the plan, unless it says onError: "continue"; what ran before stays done.',
    '',
    `Example: ${JSON.stringify(example)}`,
  ].join('\n');
}

function inputSchemaOf({ maxCalls, width }: PlanLimits): JsonObject {
  const step: JsonObject = {
    id: { type: 'string', description: 'Name of the step, by which others refer to it: letters, digits, _ and -' },
    tool: { type: 'string', description: 'Name of the tool, as listed' },
    arguments: {
      type: 'object',
      description: "By the tool's input schema, with $ref, $template and $literal wherever a value may stand",
    },
    select: {
      type: 'array',
      items: { type: 'string' },
      description: 'Paths into the result to bring back, such as ["total", "items[*].key"]; default: all of it',
    },
    forEach: {
      type: ['array', 'object'],
      description: 'A list, or a $ref to one: one call for each item, to which the arguments refer as item',
    },
    concurrency: {
      type: 'integer',
      description: `How many calls of forEach run at once: 1 (default) to ${width}`,
    },
    onError: {
      type: 'string',
      enum: ['stop', 'continue'],
      description: 'What to do when the step fails: skip all later steps (default), or go on',
    },
  };
  const parallel: JsonObject = {
    type: 'array',
    description: `Instead of all other fields: steps that run at once, at most ${width} calls at a time`,
    items: { type: 'object', properties: step, required: ['id', 'tool'] },
  };
  return {
    type: 'object',
    properties: {
      steps: {
        type: 'array',
        description: `Run in order; at most ${maxCalls} calls in all. Each is a step with id and tool, or {"parallel": [steps]}`,
        items: { type: 'object', properties: { ...step, parallel } },
      },
      return: {
        type: 'array',
        items: { type: 'string' },
        description: 'Ids of the steps whose values come back; default: all',
      },
    },
    required: ['steps'],
  };
}

const error: JsonObject = {
  type: 'object',
  properties: {
    code: { type: 'string' },
    message: { type: 'string' },
    suggestedAction: { type: 'string' },
    retryable: { type: 'boolean', description: 'Whether the same call can succeed later' },
    retryAfter: { type: 'number', description: 'Seconds to wait before' },
  },
  required: ['code', 'message', 'suggestedAction', 'retryable'],
};
const outcome: JsonObject = { type: 'string', enum: [...outcomes, 'skipped'] };
const callId: JsonObject = { type: 'string', description: 'Id of the audit record of the call' };

const outputSchema: JsonObject = {
  type: 'object',
  properties: {
    ok: { type: 'boolean', description: 'Whether every step did well that had to' },
    calls: { type: 'integer', description: 'Calls that were made and came to an end' },
    steps: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          tool: { type: 'string' },
          outcome,
          callId,
          value: { description: 'What is selected of the result; of forEach a list, with null for what failed' },
          error,
          calls: {
            type: 'array',
            description: 'Of forEach, one for each item',
            items: { type: 'object', properties: { outcome, callId, error }, required: ['outcome'] },
          },
          preview: { type: 'string', description: 'The beginning of a value that was too large to come back' },
          notes: { type: 'array', items: { type: 'string' } },
        },
        required: ['id', 'tool', 'outcome'],
      },
    },
  },
  required: ['ok', 'calls', 'steps'],
};
