import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { screenOf } from '../../terminal.ts';

/** Purges a tenant. */
export const orgsDelete: CommandSpec = {
  path: ['orgs', 'delete'],
  summary: 'delete an organisation with everything that belongs to it',
  about: 'Keys, upstreams, policies and its audit go with it. There is no way back, so it asks first.',
  args: [{ name: '<id>', help: 'id of the organisation' }],
  options: [{ flags: '--yes', help: 'do not ask' }, jsonOption],
  examples: [
    { line: 'fairlead orgs delete acme', does: 'asks, then deletes' },
    { line: 'fairlead orgs delete acme --yes', does: 'for scripts' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const id = String(args.id);
    const client = await openClient(context, options);
    await client.get(`/orgs/${encodeURIComponent(id)}`);
    if (!options.yes) await confirm(context, `Everything of the organisation ${id} will be gone, its audit too.`, id);
    await client.delete(`/orgs/${encodeURIComponent(id)}`);
    if (options.json) screen.json({ deleted: id });
    else screen.line(`Deleted the organisation ${id}.`);
    return exitCodes.ok;
  },
};
