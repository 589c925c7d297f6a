export { createEmbedder, type Embedder } from './embedder.ts';
export { createReranker, type Reranker } from './reranker.ts';
