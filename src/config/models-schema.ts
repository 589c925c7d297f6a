import { z } from 'zod';
import { currency, ms, slug, webUrl } from './words.ts';

/** In the place of a model's name: no model at all. */
export const noModel = 'none';

const prefixes = {
  queryPrefix: z
    .string()
    .max(2_000)
    .optional()
    .describe('Put before what is asked, where the model was trained so, such as "query: "'),
  passagePrefix: z
    .string()
    .max(2_000)
    .optional()
    .describe(
      'Put before what is searched, such as "passage: "; another one makes other vectors, so all are made anew',
    ),
};

const cost = z.number().min(0).optional().describe('What a million tokens cost, in your currency, to be added up');

export const embeddingEndpoint = z.strictObject({
  url: webUrl.describe('OpenAI-compatible endpoint, with its version: https://api.example.com/v1'),
  model: z.string().min(1).describe('Name of the model'),
  apiKey: z.string().min(1).optional().describe('Sent as a bearer token'),
  dimensions: z.int().positive().max(16_000).optional().describe('Of its vectors, where the model can be told'),
  maxTokens: z
    .int()
    .positive()
    .default(8_000)
    .describe('The longest text that the model takes, by estimate; what is longer is cut'),
  ...prefixes,
  costPerMillionTokens: cost,
});

export const embeddingDirectory = z.strictObject({
  directory: z
    .string()
    .min(1)
    .describe(
      'Folder with the model as ONNX, config.json and tokenizer.json; relative to this file. Nothing is fetched',
    ),
  pooling: z
    .enum(['mean', 'cls'])
    .default('mean')
    .describe('How the vectors of the tokens become one: as the model was trained'),
  threads: z.int().positive().max(64).default(1).describe('Processor cores that it may keep busy'),
  ...prefixes,
});

const embedding = z.union([embeddingEndpoint, embeddingDirectory]);

const reranker = z.strictObject({
  url: webUrl.describe('Endpoint with POST /rerank as Cohere, Jina, vLLM and others have it, with its version'),
  model: z.string().min(1).describe('Name of the model'),
  apiKey: z.string().min(1).optional().describe('Sent as a bearer token'),
  costPerMillionTokens: cost,
});

const chatModel = z.strictObject({
  url: webUrl.describe('OpenAI-compatible endpoint, with its version: https://api.example.com/v1'),
  model: z.string().min(1).describe('Name of the model'),
  apiKey: z.string().min(1).optional().describe('Sent as a bearer token'),
  temperature: z
    .number()
    .min(0)
    .max(2)
    .optional()
    .describe("Best 0, where the model can be told; the model's own when absent"),
  maxOutputTokens: z.int().positive().default(2_000).describe('Longest answer, with what the model thinks before it'),
  timeoutMs: ms.default(60_000).describe('How long one answer may take, with a second try'),
  costPerMillionTokens: z
    .number()
    .min(0)
    .optional()
    .describe('What a million tokens cost that it reads, in your currency; answers tell it, and budgets take it'),
  costPerMillionOutputTokens: z
    .number()
    .min(0)
    .optional()
    .describe('What a million tokens cost that it writes; the same as those it reads when absent'),
});

/** Models that may be asked; none is needed. */
export const models = z.strictObject({
  currency: currency.optional().describe('What the prices of models are in, ISO 4217'),
  embedding: embedding
    .optional()
    .describe('Finds tools and passages by what they mean as well; without it words alone decide'),
  embeddings: z
    .record(
      slug.refine((name) => name !== noModel, `must not be ${noModel}: that stands for no model`),
      embedding,
    )
    .default({})
    .describe('Further ones, by a name of your own, for collections that name one'),
  reranker: reranker.optional().describe('Puts the passages that were found for a question into order'),
  chat: z
    .union([chatModel, z.literal('sampling')])
    .optional()
    .describe(
      'Writes answers from passages, for the tool knowledge.answer. `sampling` asks the model of whoever calls, if its client lets it',
    ),
});

export type EmbeddingEndpoint = z.infer<typeof embeddingEndpoint>;
export type EmbeddingDirectory = z.infer<typeof embeddingDirectory>;
export type EmbeddingSettings = z.infer<typeof embedding>;
export type ChatSettings = z.infer<typeof chatModel>;
export type RerankerSettings = z.infer<typeof reranker>;
export type ModelsSettings = z.infer<typeof models>;
