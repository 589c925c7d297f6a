import { z } from 'zod';
import { ms, webUrl } from './words.ts';

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
  costPerMillionTokens: z.number().min(0).optional().describe('What answers are told to have cost, in your currency'),
});

/** Models that may be asked; none is needed. */
export const modelsSchema = z.strictObject({
  embedding: z
    .strictObject({
      url: webUrl.describe('OpenAI-compatible endpoint, with its version: https://api.example.com/v1'),
      model: z.string().min(1).describe('Name of the model'),
      apiKey: z.string().min(1).optional().describe('Sent as a bearer token'),
      dimensions: z.int().positive().optional().describe('Of its vectors, where the model can be told'),
    })
    .optional()
    .describe('Helps to find tools by what they mean; without it words alone decide'),
  reranker: z
    .strictObject({
      url: webUrl.describe('Endpoint with POST /rerank as Cohere, Jina, vLLM and others have it, with its version'),
      model: z.string().min(1).describe('Name of the model'),
      apiKey: z.string().min(1).optional().describe('Sent as a bearer token'),
    })
    .optional()
    .describe('Puts the passages that were found for a question into order'),
  chat: z
    .union([chatModel, z.literal('sampling')])
    .optional()
    .describe(
      'Writes answers from passages, for the tool knowledge.answer. `sampling` asks the model of whoever calls, if its client lets it',
    ),
});

export type EmbeddingSettings = NonNullable<z.infer<typeof modelsSchema>['embedding']>;
export type RerankerSettings = NonNullable<z.infer<typeof modelsSchema>['reranker']>;
export type ChatSettings = z.infer<typeof chatModel>;
