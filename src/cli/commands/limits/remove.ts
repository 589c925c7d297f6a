import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { screenOf } from '../../terminal.ts';

/** Takes a rule away that was added at run time. */
export const limitsRemove: CommandSpec = {
  path: ['limits', 'remove'],
  summary: 'remove a limit that was added at run time',
  about: 'One of fairlead.yaml is removed there; the file is read again when it changes.',
  args: [{ name: '<name>', help: 'name of the limit' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead limits remove deploys', does: 'calls are not counted by it any more' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const client = await openClient(context, options);
    await client.delete(`/limits/${encodeURIComponent(name)}`, { org: textOf(options.org) });
    if (options.json) screen.json({ removed: name });
    else screen.line(`Removed the limit ${name}.`);
    return exitCodes.ok;
  },
};
