import type { Running } from '../app/lifecycle.ts';
import { commandLineSettings } from '../config/index.ts';
import type { Settings } from '../config/schema.ts';
import { checkHost } from '../platform/http/index.ts';
import type { Log } from '../platform/telemetry/index.ts';
import { removeLastStart, writeLastStart } from './last-start.ts';
import { createLocalKey } from './local-key.ts';

/** Lets the commands of this machine find the server, until `forget`. Without it everything else works all the same. */
export async function noteStart(
  running: Running,
  settings: Settings,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<{ forget(): Promise<void> }> {
  const { lastStartFile } = commandLineSettings(env);
  const troubled = (error: unknown) => {
    log.warn({ err: error, file: lastStartFile }, 'the command line of this machine needs --url and --key');
  };
  try {
    const key = await createLocalKey(running, settings.dataDir, log);
    const forget = async () => {
      await removeLastStart(lastStartFile, key.id);
      await key.revoke();
    };
    try {
      await writeLastStart(lastStartFile, {
        url: reachableUrl(running.url, settings),
        pid: process.pid,
        dataDir: settings.dataDir,
        keyId: key.id,
        key: key.secret,
        startedAt: new Date().toISOString(),
      });
    } catch (error) {
      await key.revoke();
      throw error;
    }
    return { forget: () => forget().catch(troubled) };
  } catch (error) {
    troubled(error);
    return { forget: async () => {} };
  }
}

/** The address of the listener, unless the server answers its public name alone. */
function reachableUrl(url: string, { allowedHosts, publicUrl }: Settings): string {
  try {
    checkHost(new URL(url).host, allowedHosts);
    return url;
  } catch {
    return publicUrl;
  }
}
