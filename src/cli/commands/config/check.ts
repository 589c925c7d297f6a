import { faultsOf, loadSettings } from '../../../config/index.ts';
import { type CommandSpec, exitCodes, jsonOption } from '../../command.ts';
import { offlineFlags, offlineOptions } from '../../offline.ts';
import { orgsNotThere } from '../../orgs-of-settings.ts';
import { screenOf } from '../../terminal.ts';

/** Whether `serve` would take the settings. */
export const configCheck: CommandSpec = {
  path: ['config', 'check'],
  summary: 'check all settings without starting anything',
  about:
    'Environment, file and defaults together. Names every fault at once, never a value. Exit code 2 for faults. When the\n' +
    'settings name an organisation, it is looked for in the database, if nobody else has that open.',
  args: [{ name: '[file]', help: 'the file to check; the one that `serve` would take when absent' }],
  options: [...offlineOptions, jsonOption],
  examples: [
    { line: 'fairlead config check', does: 'what `fairlead serve` would start with here' },
    { line: 'fairlead config check team.yaml', does: 'another file' },
  ],
  async run(context, { args, options }) {
    const { env, cwd } = context;
    const screen = screenOf(context);
    const file = typeof args.file === 'string' ? { config: args.file } : {};
    try {
      const flags = { ...offlineFlags(options), ...file };
      const { settingsFaults: further } = await import('../../../app/check.ts'); // heavy, and only needed here
      const { settings, warnings } = await loadSettings({ env, cwd, flags, prepare: false, further });
      const orgs = await orgsNotThere(settings);
      warnings.push(...('unseen' in orgs ? [orgs.unseen] : orgs.missing.map(({ text }) => text)));
      const { configFile, upstreams, endpoints } = settings;
      if (options.json) screen.json({ ok: true, configFile, faults: [], warnings });
      else {
        for (const warning of warnings) screen.line(`Warning: ${warning}`);
        const counts = `upstreams: ${Object.keys(upstreams).length}, endpoints: ${Object.keys(endpoints).length}`;
        screen.line(`The settings are valid: ${configFile ?? 'no file'}; ${counts}.`);
      }
      return exitCodes.ok;
    } catch (error) {
      const faults = faultsOf(error);
      if (!faults || !options.json) throw error;
      screen.json({ ok: false, faults, warnings: [] });
      return exitCodes.usage;
    }
  },
};
