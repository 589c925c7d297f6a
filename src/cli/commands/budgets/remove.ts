import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { screenOf } from '../../terminal.ts';

/** Takes a budget away that was set at run time. */
export const budgetsRemove: CommandSpec = {
  path: ['budgets', 'remove'],
  summary: 'remove a budget that was set at run time',
  about: 'One of fairlead.yaml is removed there; the file is read again when it changes.',
  args: [{ name: '<name>', help: 'name of the budget' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead budgets remove trial', does: 'calls are not paid from it any more' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const client = await openClient(context, options);
    await client.delete(`/budgets/${encodeURIComponent(name)}`, { org: textOf(options.org) });
    if (options.json) screen.json({ removed: name });
    else screen.line(`Removed the budget ${name}.`);
    return exitCodes.ok;
  },
};
