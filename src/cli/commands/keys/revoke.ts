import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { plain, screenOf } from '../../terminal.ts';

/** Ends a key. */
export const keysRevoke: CommandSpec = {
  path: ['keys', 'revoke'],
  summary: 'end an API key for good',
  about: 'It stops to count on every replica within a second.',
  args: [{ name: '<id>', help: 'id of the key, as `fairlead keys list` shows it' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead keys revoke key_06gz...', does: 'ends that key' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const key = await client.delete(`/keys/${encodeURIComponent(String(args.id))}`, { org: textOf(options.org) });
    if (options.json) screen.json(key);
    else screen.line(`Revoked the key ${key.id} (${plain(String(key.name))}).`);
    return exitCodes.ok;
  },
};
