import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/index.ts';

export const adminKey = 'an-admin-key-of-thirty-two-characters-or-more';

/**
 * A server in a process of its own, by the file `fairlead.yaml` of the folder and over its embedded database; resolves
 * when it is ready.
 */
export async function serve(folder: string): Promise<{ child: ChildProcess; url: string }> {
  const { PATH = '', HOME = '/' } = process.env;
  const args = [join(packageRoot, 'src/main.ts'), 'serve', '--port', '0', '--config', join(folder, 'fairlead.yaml')];
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME, FAIRLEAD_DATA_DIR: join(folder, 'data'), FAIRLEAD_ADMIN_KEY: adminKey },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.once('exit', () => reject(new Error(`the server ended: ${text}`)));
    child.stdout.on('data', (data) => {
      text += data;
      const served = /serves MCP at (\S+)\/mcp[\s\S]*ready after/.exec(text)?.[1];
      if (served) resolve(served);
    });
  });
  return { child, url };
}

/** Kills what still runs. */
export async function end(started: readonly ChildProcess[]): Promise<void> {
  for (const child of started) {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  }
}
