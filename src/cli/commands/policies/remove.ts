import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { changeOptions, rehearseChange } from '../../policy-change.ts';
import { screenOf } from '../../terminal.ts';

/** Takes a policy out of force. */
export const policiesRemove: CommandSpec = {
  path: ['policies', 'remove'],
  summary: 'take a policy out of force; its history stays',
  about: 'Shows first what it does to past decisions, and asks.',
  args: [{ name: '<name>', help: 'name of the policy' }],
  options: [...changeOptions, orgOption, jsonOption],
  examples: [{ line: 'fairlead policies remove no-writes', does: 'it does not count any more' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const client = await openClient(context, options);
    const headers = await rehearseChange(context, client, { remove: name }, options);
    const more = { query: { org: textOf(options.org) }, headers };
    await client.exchange('DELETE', `/policies/${encodeURIComponent(name)}`, undefined, more);
    if (options.json) screen.json({ removed: name });
    else screen.line(`Removed the policy ${name}.`);
    return exitCodes.ok;
  },
};
