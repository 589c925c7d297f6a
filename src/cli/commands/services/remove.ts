import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { plain, screenOf } from '../../terminal.ts';

/** Ends a machine's account. */
export const servicesRemove: CommandSpec = {
  path: ['services', 'remove'],
  summary: 'remove a service account',
  about: 'Its secret and its tokens count no more, on every replica within a second.',
  args: [{ name: '<id>', help: 'id of the account, as `fairlead services list` shows it' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead services remove svc_06gz...', does: 'that machine is out for good' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    await client.delete(`/services/${encodeURIComponent(String(args.id))}`, { org: textOf(options.org) });
    if (options.json) screen.json({ removed: args.id });
    else screen.line(`Removed the service account ${plain(String(args.id))}.`);
    return exitCodes.ok;
  },
};
