export {
  type ConnectionChange,
  type ConnectionStatus,
  type Connections,
  connectionErrors,
  connectionPaths,
  connectionsMigrations,
  connectionTokens,
  createConnections,
  type Pending,
  purgeAllConnections as purgeConnections,
  type Target,
} from './connections/index.ts';
