import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { packageRoot } from '../../src/config/index.ts';

/** A server as a newcomer has it, in folders of its own. */
export interface Started {
  url: string;
  /** What it printed until it was ready. */
  printed: string;
  /** For whoever works on this machine next to it: `npx fairlead` finds it. */
  env: Record<string, string>;
  folder: string;
  stop(): Promise<void>;
}

/** Runs a command line of the checkout that serves, such as `npm start`, until it says that it is ready. */
export async function startWith(command: string, more: Record<string, string> = {}): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-started-'));
  const home = join(folder, 'home');
  const state = join(folder, 'state');
  mkdirSync(home);
  const env: Record<string, string> = {
    PATH: [join(packageRoot, 'node_modules/.bin'), process.env.PATH ?? ''].join(delimiter),
    HOME: home,
    XDG_STATE_HOME: state,
    FAIRLEAD_DATA_DIR: join(folder, 'data'), // as somebody has it who works in the folder of the server
    ...(process.env.NODE_V8_COVERAGE ? { NODE_V8_COVERAGE: process.env.NODE_V8_COVERAGE } : {}),
  };
  const settings = { FAIRLEAD_PORT: '0', ...more };
  const child = spawn('bash', ['-c', command], { cwd: packageRoot, env: { ...env, ...settings } });
  let printed = '';
  let complaints = '';
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    try {
      const notes = join(state, 'fairlead/servers');
      const [file = ''] = readdirSync(notes);
      const { pid } = JSON.parse(readFileSync(join(notes, file), 'utf8'));
      process.kill(pid, 'SIGTERM');
    } catch {
      child.kill(); // it did not come as far as that
    }
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    complaints += chunk;
  });
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      printed += chunk;
      if (/^ready after /m.test(printed)) resolve();
    });
  });
  await Promise.race([ready, exited]);
  const url = /serves MCP at (\S+)\/mcp$/m.exec(printed)?.[1];
  if (url === undefined) {
    await stop();
    throw new Error(`${command} did not serve:\n${printed}${complaints}`);
  }
  return { url, printed, env, folder, stop };
}
