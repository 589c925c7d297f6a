import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { keyFacts } from '../../key-lines.ts';
import { screenOf } from '../../terminal.ts';

/** Everything that is known of one key. */
export const keysShow: CommandSpec = {
  path: ['keys', 'show'],
  summary: 'show an API key: what it opens, whose it is, when it was used',
  args: [{ name: '<id>', help: 'id of the key, as `fairlead keys list` shows it' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead keys show key_06gz...', does: 'its scopes, its owner and its last use' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const key = await client.get(`/keys/${encodeURIComponent(String(args.id))}`, { org: textOf(options.org) });
    if (options.json) screen.json(key);
    else screen.facts(keyFacts(key, Date.now()));
    return exitCodes.ok;
  },
};
