import { z } from 'zod';
import type { ToolDefinition } from '../../../../kernel/tool.ts';

export const feedbackArguments = z.object({
  id: z.int(),
  helpful: z.boolean(),
  note: z.string().optional(),
  query: z.string().optional(),
});

export const feedbackTool: ToolDefinition = {
  name: 'feedback',
  title: 'Say whether a passage helped',
  description:
    'Keeps for those who look after the documents whether a passage answered what you asked. Use it after you have worked with a passage of knowledge query: when it was wrong or out of date, say so with a note, or when it settled the question. It does not change what is found; for another answer ask knowledge query in other words instead.',
  inputSchema: {
    type: 'object',
    properties: {
      id: { type: 'integer', minimum: 1, description: 'The passage, by the id that query gave.', examples: [1207] },
      helpful: { type: 'boolean', description: 'Whether it answered the question.' },
      note: {
        type: 'string',
        minLength: 1,
        maxLength: 500,
        description: 'What is wrong with it or what is missing, in a sentence.',
        examples: ['The command has been called `deploy back` since June.'],
      },
      query: {
        type: 'string',
        minLength: 1,
        maxLength: 500,
        description: 'What was asked.',
        examples: ['how do we roll back a release'],
      },
    },
    required: ['id', 'helpful'],
    additionalProperties: false,
  },
  outputSchema: { type: 'object', properties: { kept: { type: 'boolean' } }, required: ['kept'] },
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
};
