export type { SearchableTool } from './fields.ts';
export {
  createToolIndex,
  embeddingText,
  type FoundTool,
  type IndexOptions,
  type SearchOptions,
  type ToolIndex,
} from './tool-index.ts';
export { searchTools } from './tools.ts';
