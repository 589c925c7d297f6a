export type { Admitted, ResourceSubscriptions } from './deps.ts';
export { createMcpSurface, type McpSurface } from './endpoint.ts';
export { type ShortHead, shortHead } from './short/head.ts';
export { rpcResponse } from './sessions.ts';
