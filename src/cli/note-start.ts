import type { Running } from '../app/lifecycle.ts';
import { commandLineSettings } from '../config/index.ts';
import type { Settings } from '../config/schema.ts';
import { checkHost } from '../platform/http/index.ts';
import type { Log } from '../platform/telemetry/index.ts';
import { createLocalKey } from './local-key.ts';
import { removeStartNote, type StartNote, writeStartNote } from './start-notes.ts';

/** Lets the commands of this machine find the server, until `forget`. Without it everything else works all the same. */
export async function noteStart(
  running: Running,
  settings: Settings,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<{ forget(): Promise<void> }> {
  const { startNotes } = commandLineSettings(env);
  const troubled = (error: unknown) => {
    log.warn({ err: error, folder: startNotes }, 'the command line of this machine needs --url and --key');
  };
  try {
    const key = await createLocalKey(running, settings.dataDir, log);
    const note: StartNote = {
      url: reachableUrl(running.url, settings),
      port: portOf(running.url),
      pid: process.pid,
      dataDir: settings.dataDir,
      keyId: key.id,
      key: key.secret,
      startedAt: new Date().toISOString(),
    };
    const forget = async () => {
      await removeStartNote(startNotes, note);
      await key.revoke();
    };
    try {
      await writeStartNote(startNotes, note);
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

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return Number(port || (protocol === 'https:' ? 443 : 80));
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
