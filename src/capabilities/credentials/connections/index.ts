export {
  type ConnectionChange,
  type Connections,
  type ConnectionsDeps,
  connectionPaths,
  createConnections,
  type PersonalAuthorizer,
} from './connections.ts';
export { connectionErrors } from './errors.ts';
export type { Invitation } from './flow.ts';
export { connectionsMigrations } from './migrations.ts';
export type { Pending } from './pending/store.ts';
export type { PersonalAuth, Target } from './provider.ts';
export { purgeAllConnections } from './purge.ts';
export type { ConnectionStatus } from './report.ts';
export { connectionTokens } from './sealed.ts';
export { countConnections } from './store.ts';
