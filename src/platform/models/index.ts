export { type ChatModel, type ChatReply, type ChatRequest, type ChatTokens, createChat } from './chat.ts';
export type { Embedder, EmbeddingPurpose } from './embedder.ts';
export { createEmbedders, type Embedders } from './embedders.ts';
export { ChatModelFailed, modelErrors, TextsRefused } from './errors.ts';
export { localModelFaults } from './local/local.ts';
export { createReranker, type Reranker } from './reranker.ts';
export { expectedOfAnswer, payingFor } from './spending.ts';
