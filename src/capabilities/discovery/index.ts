export { createDiscovery, type Discovery, discoveryErrors, type Reach } from './discovery.ts';
export { createEmbeddings } from './embeddings.ts';
export type { SearchableTool } from './fields.ts';
export { discoveryMigrations } from './migrations.ts';
export { purgeVectors } from './store.ts';
export {
  createToolIndex,
  createToolIndexer,
  embeddingText,
  type FoundTool,
  type IndexOptions,
  type SearchOptions,
  type ToolIndex,
  type ToolIndexer,
} from './tool-index.ts';
export { callTool, describeTool, searchTools } from './tools.ts';
