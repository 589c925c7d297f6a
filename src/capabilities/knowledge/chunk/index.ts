export { type Block, createOutline, type Outline, type Part, type Section, sectionIn, whole } from './blocks.ts';
export { type ChunkOptions, chunkBlocks, usualChunks } from './chunk.ts';
export { estimateTokens } from './tokens.ts';
