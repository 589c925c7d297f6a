import type { Running } from '../app/lifecycle.ts';
import { faultsOf, type LoadedSettings, type SettingsWatch, watchSettings } from '../config/index.ts';
import type { Log } from '../platform/telemetry/index.ts';

/** Takes changed settings into a server that runs, on request and when their files change. */
export function reloadOnChange(
  loaded: LoadedSettings,
  load: () => Promise<LoadedSettings>,
  running: Running,
  log: Log,
): SettingsWatch {
  return watchSettings(
    withTls(loaded),
    async () => withTls(await load()),
    async ({ settings, warnings }) => {
      for (const warning of warnings) log.warn(warning);
      const { applied, restart, failed } = await running.reload(settings);
      if (restart.length > 0) log.warn({ restart }, `these settings need a restart: ${restart.join(', ')}`);
      if (failed.length > 0) log.error({ failed }, `these settings could not be taken: ${failed.join(', ')}`);
      log.info({ applied, restart, failed }, 'settings reloaded');
    },
    (error) => {
      const faults = faultsOf(error);
      if (faults) log.error({ faults }, 'the changed settings are not valid; those from before stay in force');
      else log.error({ err: error }, 'the settings could not be reloaded');
    },
  );
}

/** Certificates are read again when their files change, although no setting does. */
function withTls(loaded: LoadedSettings): LoadedSettings {
  const { tls } = loaded.settings;
  if (!tls) return loaded;
  const files = [tls.cert, tls.key, ...(tls.clientCa === undefined ? [] : [tls.clientCa])];
  return { ...loaded, sources: [...new Set([...loaded.sources, ...files])] };
}
