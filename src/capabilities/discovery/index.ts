export type { SearchableTool } from './fields.ts';
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
export { searchTools } from './tools.ts';
