import { join } from 'node:path';
import { packageRoot } from '../src/config/index.ts';

/** A tool of the fixture `listed`: its definition as it stands, and what a call is answered with. */
export interface ListedTool {
  name: string;
  inputSchema?: Record<string, unknown>;
  outputSchema?: Record<string, unknown>;
  annotations?: Record<string, unknown>;
  /** Its arguments as text when absent. */
  result?: Record<string, unknown>;
  /** Fails, and tells its command line and the variable GREETING in the error; its arguments too on standard error. */
  leaks?: boolean;
}

/** An stdio upstream with exactly these tools, for `config.upstreams`. */
export function listedUpstream(tools: readonly ListedTool[]) {
  return {
    command: process.execPath,
    args: [join(packageRoot, 'test/fixtures/servers/listed.ts'), JSON.stringify(tools)],
    startTimeoutMs: 20_000,
  };
}
