export { upstreamsErrors } from './errors.ts';
export { upstreamSettings } from './holding.ts';
export { upstreamsMigrations } from './migrations.ts';
export { ImportFault } from './openapi/faults.ts';
export { pruneDocument } from './openapi/prune.ts';
export type { ResourceUpdate } from './registry.ts';
export type { ResolveReference } from './sealing.ts';
export { purgeUpstreams } from './store.ts';
export type {
  Authorizer,
  CredentialsPort,
  Declaration,
  Timing,
  TransportKind,
  UpstreamProbe,
  UpstreamState,
  UpstreamStatus,
} from './types.ts';
export { createUpstreams, type Upstreams, type UpstreamsDeps } from './upstreams.ts';
