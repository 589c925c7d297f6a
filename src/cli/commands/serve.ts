import { inheritedEnvironment, type LoadOptions, loadSettings, settingOptions } from '../../config/index.ts';
import type { Settings } from '../../config/schema.ts';
import { createSecrets } from '../../platform/secrets/index.ts';
import { createLog } from '../../platform/telemetry/log.ts';
import { type CommandSpec, exitCodes } from '../command.ts';
import { connectLines, renderConnectLines } from '../connect-lines.ts';
import { CommandFailed } from '../errors.ts';
import { secretsIn } from '../known-secrets.ts';
import { reloadOnChange } from '../reload.ts';

const shownAtFirst = new Set(['claude-code', 'cursor', 'vscode', 'windsurf', 'inspector']);

/** Runs the server until it is told to stop. */
export const serve: CommandSpec = {
  path: ['serve'],
  summary: 'run the server',
  about:
    'Settings come from flags, then the environment, then fairlead.yaml, then defaults. Without a fairlead.yaml in this\n' +
    'folder the one of examples/first-run is used. Logs are JSON lines on standard error. The file is read again when\n' +
    'it changes and on SIGHUP; what needs a restart is named in the log.\n\n' +
    'Address and an admin key for the commands of this machine stand in a file of ~/.local/state/fairlead/servers, which\n' +
    'only you can read, as long as the server runs: the key is made at each start and revoked when the server stops.',
  options: [
    { flags: '--config <file>', help: 'path of fairlead.yaml (FAIRLEAD_CONFIG)' },
    ...settingOptions
      .filter((option) => option.flag !== undefined)
      .map((option) => ({ flags: `--${option.flag} <value>`, help: `${option.help} (${option.env})` })),
    { flags: '--allow-anonymous', help: 'lets endpoints with an anonymous role be served beyond this machine' },
  ],
  examples: [
    { line: 'fairlead serve', does: 'serve on http://127.0.0.1:7300 with an embedded database' },
    { line: 'fairlead serve --port 8080 --config team.yaml', does: 'another port, your own file' },
    { line: 'DATABASE_URL=postgres://... fairlead serve', does: 'on Postgres' },
  ],
  async run(context, { options }) {
    const { env, cwd, stdout, stderr } = context;
    const startedAt = performance.now();
    let known: readonly string[] = [];
    const log = createLog({
      level: 'info',
      service: 'fairlead',
      destination: stderr,
      secrets: () => [...known, ...secrets.values()],
    });
    const secrets = createSecrets({ log });
    const load = async (more: Pick<LoadOptions, 'further'> = {}) => {
      const flags = options as Record<string, string | boolean>;
      const now = await loadSettings({ env, cwd, flags, secrets, ...more });
      known = secretsIn(now.settings);
      return now;
    };
    // Loaded only here, and so is the server below: it is most of the program, and no other command needs it.
    const { settingsFaults: further } = await import('../../app/check.ts');
    const loaded = await load({ further }).catch(async (error: unknown) => {
      await secrets.stop(); // a token that was made for this start is of no more use
      throw error;
    });
    const { settings, warnings } = loaded;
    log.level = settings.logLevel;
    for (const warning of warnings) log.warn(warning);
    const say = (text: string) => stdout.write(`${text}\n`);

    let reload = async () => {}; // a hang-up while it starts must not end it: what it reads is new anyway
    context.onHangup(() => void reload());

    const { start } = await import('../../app/lifecycle.ts');
    const { noteStart } = await import('../note-start.ts');
    const running = await start({
      settings,
      log,
      secrets,
      inheritedEnvironment: inheritedEnvironment(env),
      onProgress: (step) => say(`... ${step}`),
    }).catch((error: unknown) => {
      throw startFault(error, settings);
    });
    const reloading = reloadOnChange(loaded, () => load(), running, log);
    reload = reloading.reload;
    const unwatch = secrets.onChange(() => void reloading.reload());
    const noted = await noteStart(running, settings, env, log);

    const mcpUrl = `${running.url}/mcp`;
    say(`\nFairlead serves MCP at ${mcpUrl}`);
    if (running.firstKey) {
      say(`\nAdmin API key, shown this once:\n  ${running.firstKey}\n`);
      const lines = connectLines(mcpUrl, running.firstKey).filter(({ id }) => shownAtFirst.has(id));
      say(renderConnectLines(lines));
      say('Other clients, and these again: npx fairlead connect');
      say('The admin key may do everything. For an agent make one that may do less, and connect it with that:');
      say('  npx fairlead keys create --name "my agent" --role developer');
    } else say('Connect a client: npx fairlead connect');
    void running.ready().then(() => say(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`));

    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      else context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    say('\nshutting down: no new calls; running ones may finish');
    unwatch();
    reloading.stop();
    await noted.forget();
    await running.stop();
    return exitCodes.ok;
  },
};

/** What a person can do about a server that does not start. */
function startFault(error: unknown, { host, port }: Settings): unknown {
  const where = `${host}:${port}`;
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case 'EADDRINUSE':
      return new CommandFailed(
        exitCodes.failed,
        `Something else listens on ${where} already.`,
        'Stop it, or take another port: --port 7301 (FAIRLEAD_PORT), or --port 0 for any free one.',
      );
    case 'EACCES':
      return new CommandFailed(
        exitCodes.failed,
        `This user may not listen on ${where}.`,
        'Take a port above 1023: --port 7300 (FAIRLEAD_PORT).',
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CommandFailed(
        exitCodes.failed,
        `This machine has no address ${host}.`,
        'Take 127.0.0.1 for this machine alone, or 0.0.0.0 for all its addresses: --host (FAIRLEAD_HOST).',
      );
    default:
      return error;
  }
}
