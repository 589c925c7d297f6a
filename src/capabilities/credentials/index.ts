export {
  type ConnectionChange,
  type ConnectionStatus,
  type Connections,
  type ConnectionsDeps,
  connectionErrors,
  connectionPaths,
  connectionsMigrations,
  connectionTokens,
  countConnections,
  createConnections,
  type Pending,
  purgeAllConnections as purgeConnections,
  type Target,
} from './connections/index.ts';
export { createMachineCredentials, type MachineCredentials } from './credentials.ts';
export { credentialsErrors } from './errors.ts';
export type { AssertionClaims, Callers } from './types.ts';
