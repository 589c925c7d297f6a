import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { screenOf } from '../../terminal.ts';

/** Takes a policy out of force. */
export const policiesRemove: CommandSpec = {
  path: ['policies', 'remove'],
  summary: 'take a policy out of force; its history stays',
  args: [{ name: '<name>', help: 'name of the policy' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead policies remove no-writes', does: 'it does not count any more' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const client = await openClient(context, options);
    await client.delete(`/policies/${encodeURIComponent(name)}`, { org: textOf(options.org) });
    if (options.json) screen.json({ removed: name });
    else screen.line(`Removed the policy ${name}.`);
    return exitCodes.ok;
  },
};
