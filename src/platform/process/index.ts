export {
  CommandNotFound,
  CommandNotStarted,
  processErrors,
  WardenUnavailable,
  WorkingDirectoryMissing,
} from './errors.ts';
export { createProcesses, type ProcessesDeps } from './processes.ts';
export type { ManagedProcess, ProcessExit, Processes, SpawnSpec } from './types.ts';
