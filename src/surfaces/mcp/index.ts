export type { Admitted, ResourceSubscriptions } from './deps.ts';
export { createMcpSurface, type McpSurface } from './endpoint.ts';
export { rpcResponse } from './sessions.ts';
export { type ShortHead, shortHead } from './short/head.ts';
