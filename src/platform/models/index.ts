export { type ChatModel, type ChatReply, type ChatRequest, type ChatTokens, createChat } from './chat.ts';
export { createEmbedder, type Embedder } from './embedder.ts';
export { ChatModelFailed, modelsErrors } from './errors.ts';
export { createReranker, type Reranker } from './reranker.ts';
