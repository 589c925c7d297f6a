import type { JsonObject } from '../../kernel/json.ts';
import type { ToolDefinition } from '../../kernel/tool.ts';
import { largestBudget, largestLimit, usualBudget, usualLimit } from './query/limits.ts';

const reads = { readOnlyHint: true, openWorldHint: false };
export const collections = {
  type: 'array',
  items: { type: 'string' },
  maxItems: 20,
  description: 'Only these collections, by name as knowledge sources lists them; all that you may read when absent.',
  examples: [['handbook']],
};
export const maxTokens = {
  type: 'integer',
  minimum: 100,
  maximum: largestBudget,
  default: usualBudget,
  description: 'The passages together have at most about so many tokens.',
};
export const passage = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    collection: { type: 'string' },
    title: { type: 'string' },
    uri: { type: 'string' },
    url: { type: 'string' },
    headings: { type: 'array', items: { type: 'string' } },
    line: { type: 'integer' },
    endLine: { type: 'integer' },
    page: { type: 'integer' },
    text: { type: 'string' },
    score: { type: 'number' },
    scoreParts: { type: 'object', additionalProperties: { type: 'number' } },
    matched: { type: 'array', items: { type: 'string' } },
    status: { type: 'string' },
    ageDays: { type: 'number' },
    checkedMinutesAgo: { type: 'number' },
    flags: { type: 'array', items: { type: 'string' } },
  },
  required: ['id', 'collection', 'title', 'uri', 'text'],
} satisfies JsonObject;

export const queryTool: ToolDefinition = {
  name: 'query',
  title: "Ask the team's documents",
  description:
    "Finds passages in the team's own documents that answer a question, each with where it stands and how old it is, or says that there is none. Use it for what this team has written down: decisions, guides, interfaces, code and libraries in use. Do not use it for finding tools or for what everybody knows. Ask in a sentence or by the words that the text would have; put exact phrases in quotes. If `answerable` is false, do not guess from what was nearest: ask in other words or say that it is not written down.",
  inputSchema: {
    type: 'object',
    properties: {
      query: {
        type: 'string',
        minLength: 1,
        maxLength: 4_000,
        description: 'A question, or the words that the text would have.',
        examples: ['how do we roll back a release', 'ECONNREFUSED when the worker starts'],
      },
      collections,
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: largestLimit,
        default: usualLimit,
        description: 'At most so many passages.',
      },
      max_tokens: maxTokens,
      min_freshness: {
        type: 'string',
        pattern: '^\\d{1,4}[mhd]$',
        description: 'Only documents that their source was seen to have, as they stand here, within this time.',
        examples: ['2h', '7d'],
      },
      path: {
        type: 'string',
        description: 'Only documents whose path or address begins like this.',
        examples: ['docs/runbooks/'],
      },
      language: {
        type: 'string',
        enum: ['english', 'german', 'french', 'spanish', 'simple'],
        description: 'Only documents in this language.',
      },
      changed_since: {
        type: 'string',
        format: 'date',
        description: 'Only documents that were changed on this day or later.',
        examples: ['2026-01-31'],
      },
      changed_before: {
        type: 'string',
        format: 'date',
        description: 'Only documents that were last changed before this day.',
        examples: ['2026-01-31'],
      },
      metadata: {
        type: 'object',
        maxProperties: 10,
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        description: 'Only documents that say all of this of themselves, as in their front matter.',
        examples: [{ status: 'accepted' }],
      },
    },
    required: ['query'],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: {
      answerable: { type: 'boolean' },
      confidence: { type: 'number' },
      advice: { type: 'string' },
      parts: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            question: { type: 'string' },
            answerable: { type: 'boolean' },
            confidence: { type: 'number' },
          },
        },
      },
      passages: { type: 'array', items: passage },
    },
    required: ['answerable', 'confidence', 'passages'],
  },
  annotations: reads,
};

export const fetchTool: ToolDefinition = {
  name: 'fetch',
  title: 'Read on in a document',
  description:
    'Reads what stands around a passage that knowledge query found: its neighbours, its whole section, or the whole document in pages. Use it when a passage breaks off or leaves a question open; not for finding something, which query does.',
  inputSchema: {
    type: 'object',
    properties: {
      id: { type: 'integer', minimum: 1, description: 'The passage, by the id that query gave.', examples: [1207] },
      extent: {
        type: 'string',
        enum: ['neighbours', 'section', 'document'],
        default: 'neighbours',
        description:
          'How much around it: the passages before and after, its section, or the document from its beginning.',
      },
      from: {
        type: 'integer',
        minimum: 0,
        description: 'With `document`: where to read on, as `next` of the answer before said.',
      },
      max_tokens: maxTokens,
    },
    required: ['id'],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: { passages: { type: 'array', items: passage }, next: { type: 'integer' } },
    required: ['passages'],
  },
  annotations: reads,
};

export const relatedTool: ToolDefinition = {
  name: 'related',
  title: 'Find similar passages',
  description:
    'Finds passages of other documents that speak of the same as one that knowledge query found. Use it to see whether something is said elsewhere too, or differently; not for the text around a passage, which fetch reads.',
  inputSchema: {
    type: 'object',
    properties: {
      id: { type: 'integer', minimum: 1, description: 'The passage, by the id that query gave.', examples: [1207] },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: largestLimit,
        default: usualLimit,
        description: 'At most so many passages.',
      },
    },
    required: ['id'],
    additionalProperties: false,
  },
  outputSchema: { type: 'object', properties: { passages: { type: 'array', items: passage } }, required: ['passages'] },
  annotations: reads,
};

export const sourcesTool: ToolDefinition = {
  name: 'sources',
  title: 'What documents there are',
  description:
    'Lists the collections and sources that you may read, with how many documents they have and when they were last seen to be current. Use it before you say that something is not written down, or to choose collections for a query; not for the content itself.',
  inputSchema: { type: 'object', properties: {}, additionalProperties: false },
  outputSchema: {
    type: 'object',
    properties: { sources: { type: 'array', items: { type: 'object' } } },
    required: ['sources'],
  },
  annotations: reads,
};

export const ingestTool: ToolDefinition = {
  name: 'ingest',
  title: 'Add a document',
  description:
    'Adds a text, or the page at an address, to a collection, or takes the place of the one that has the same name there; it can be found at once. Give either `text` with `name`, or `url`. Use it for what the team should be able to look up later; not for notes to yourself, nor for whole sites. Only for those who may write in that collection.',
  inputSchema: {
    type: 'object',
    properties: {
      collection: { type: 'string', minLength: 1, description: 'Name of the collection.', examples: ['handbook'] },
      name: {
        type: 'string',
        minLength: 1,
        maxLength: 300,
        description:
          'What it is called there, with an ending that says what it is. Needed with `text`; the address itself when absent.',
        examples: ['decisions/0007-queues.md'],
      },
      text: {
        type: 'string',
        minLength: 1,
        maxLength: 1_000_000,
        writeOnly: true, // which leaves it out of the audit
        description: 'The document itself.',
        examples: ['# Queues\n\nWe use ...'],
      },
      url: {
        type: 'string',
        minLength: 1,
        maxLength: 2_000,
        description: 'Address of the page to fetch instead: HTML, Markdown, text, PDF, DOCX and others, 50 MB at most.',
        examples: ['https://example.com/handbook/queues.html'],
      },
      title: {
        type: 'string',
        maxLength: 300,
        writeOnly: true,
        description: 'Its title, where the text has none.',
        examples: ['Queues'],
      },
    },
    required: ['collection'],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: {
      document: { type: 'integer' },
      passages: { type: 'integer' },
      warnings: { type: 'array', items: { type: 'string' } },
    },
    required: ['document', 'passages'],
  },
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true }, // it fetches pages
};

/** As long as most clients wait for an answer, and less. */
export const usualWaitSeconds = 45;

export const syncTool: ToolDefinition = {
  name: 'sync',
  title: 'Read sources now',
  description:
    'Has the sources of a collection read now, or joins the pass that is under way, and tells how far it is until it is over or `wait_seconds` are; the pass goes on in any case. Use it when documents have just been changed at their source and must be found now; not before each query, since sources are read by themselves. Only for those who may write in that collection.',
  inputSchema: {
    type: 'object',
    properties: {
      collection: { type: 'string', minLength: 1, description: 'Name of the collection.', examples: ['handbook'] },
      source: {
        type: 'string',
        minLength: 1,
        maxLength: 100,
        description: 'Only this source of it, by name; all of them when absent.',
        examples: ['docs'],
      },
      wait_seconds: {
        type: 'integer',
        minimum: 0,
        maximum: 600,
        default: usualWaitSeconds,
        description: 'At most so long it is waited for the end.',
      },
    },
    required: ['collection'],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: { over: { type: 'boolean' }, sources: { type: 'array', items: { type: 'object' } } },
    required: ['over', 'sources'],
  },
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
};
