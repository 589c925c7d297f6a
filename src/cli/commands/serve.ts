import { start } from '../../app/lifecycle.ts';
import { inheritedEnvironment, loadSettings, settingOptions } from '../../config/index.ts';
import { createLog } from '../../platform/telemetry/index.ts';
import type { CommandSpec } from '../command.ts';
import { connectLines, renderConnectLines } from '../connect-lines.ts';

/** Runs the server until it is told to stop. */
export const serve: CommandSpec = {
  path: ['serve'],
  summary: 'run the server',
  about:
    'Settings come from flags, then the environment, then fairlead.yaml, then defaults. Without a fairlead.yaml in this\n' +
    'folder the one of examples/first-run is used. Logs are JSON lines on standard error.',
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
    const { settings, warnings } = await loadSettings({ env, cwd, flags: options as Record<string, string | boolean> });
    const log = createLog({ level: settings.logLevel, service: 'fairlead', destination: stderr });
    for (const warning of warnings) log.warn(warning);
    const say = (text: string) => stdout.write(`${text}\n`);

    const running = await start({
      settings,
      log,
      inheritedEnvironment: inheritedEnvironment(env),
      onProgress: (step) => say(`... ${step}`),
    });
    const mcpUrl = `${running.url}/mcp`;
    say(`\nFairlead serves MCP at ${mcpUrl}`);
    if (running.firstKey) {
      say(`\nAdmin API key, shown this once:\n  ${running.firstKey}\n`);
      say(renderConnectLines(connectLines(mcpUrl, running.firstKey)));
    } else say('Connect a client: npx fairlead connect');
    void running.ready().then(() => say(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`));

    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      else context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    say('\nshutting down: no new calls; running ones may finish');
    await running.stop();
    return undefined;
  },
};
