import { stat } from 'node:fs/promises';
import type { LoadedSettings } from './load.ts';

export interface SettingsWatch {
  /** Loads again now, whatever the files look like. Resolves when the outcome was reported. */
  reload(): Promise<void>;
  stop(): void;
}

export interface WatchOptions {
  /** Time between two looks at the files. */
  intervalMs?: number;
}

/**
 * Loads the settings again when a file they came from has changed, or when `reload` is called. Faulty settings are
 * reported and change nothing.
 *
 * The files are looked at once a second rather than watched: that also sees editors which replace the file, the
 * symbolic links of mounted configuration, and network file systems, none of which notify reliably. A change counts
 * once two looks agree, so that a half-written file is not read.
 *
 * @param loaded what is in force at the start
 * @param onChange is awaited before the next load
 */
export function watchSettings(
  loaded: LoadedSettings,
  load: () => Promise<LoadedSettings>,
  onChange: (now: LoadedSettings, before: LoadedSettings) => void | Promise<void>,
  onFault: (error: unknown) => void,
  { intervalMs = 1_000 }: WatchOptions = {},
): SettingsWatch {
  let current = loaded;
  let stopped = false;
  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;
  let seen: Looks | undefined;
  let settling: Looks | undefined;

  async function run(): Promise<void> {
    try {
      seen = await lookAt(current.sources); // before loading: what changes from here on is a change
      const now = await load();
      if (stopped) return;
      const before = current;
      current = now;
      seen = new Map([...(await lookAt(now.sources)), ...seen].filter(([file]) => now.sources.includes(file)));
      await onChange(now, before);
    } catch (error) {
      if (!stopped) onFault(error);
    }
  }

  // One load at a time; a request during one gets another after it, since the files may have changed meanwhile.
  function reload(): Promise<void> {
    if (waiting) return waiting;
    if (running) {
      waiting = running.then(() => {
        waiting = undefined;
        return reload();
      });
      return waiting;
    }
    running = run().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function look(): Promise<void> {
    const now = await lookAt(current.sources);
    if (seen === undefined) seen = now;
    else if (alike(now, seen)) settling = undefined;
    else if (settling && alike(now, settling)) {
      settling = undefined;
      await reload();
    } else settling = now;
  }

  const timer = setInterval(() => {
    if (!running) look().catch(onFault);
  }, intervalMs).unref();
  look().catch(onFault);

  return {
    reload,
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

type Looks = ReadonlyMap<string, string>;

async function lookAt(files: readonly string[]): Promise<Looks> {
  const looks = files.map(async (file): Promise<[string, string]> => {
    const look = await stat(file, { bigint: true }).catch(() => undefined);
    return [file, look ? `${look.ino}:${look.size}:${look.mtimeNs}` : 'missing'];
  });
  return new Map(await Promise.all(looks));
}

function alike(a: Looks, b: Looks): boolean {
  return a.size === b.size && [...a].every(([file, look]) => b.get(file) === look);
}
