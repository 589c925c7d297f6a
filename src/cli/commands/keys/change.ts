import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { keyFacts } from '../../key-lines.ts';
import { deadlineOf } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** Another end, name or owner; what a key opens stays as it was made. */
export const keysChange: CommandSpec = {
  path: ['keys', 'change'],
  summary: 'change when an API key ends, its name, or who answers for it',
  about: 'Roles and scopes stay as they are: for others, make another key.',
  args: [{ name: '<id>', help: 'id of the key, as `fairlead keys list` shows it' }],
  options: [
    { flags: '--expires <time>', help: 'when it ends: 12h, 30d, a date or a time; or never' },
    { flags: '--name <text>', help: 'what people call it' },
    { flags: '--owner <text>', help: 'who answers for it' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead keys change key_06gz... --expires 90d', does: 'it ends in 90 days' },
    { line: 'fairlead keys change key_06gz... --expires never', does: 'it does not end' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const [name, owner, expires] = [textOf(options.name), textOf(options.owner), textOf(options.expires)];
    const change = {
      ...(name === undefined ? {} : { name }),
      ...(owner === undefined ? {} : { owner }),
      ...(expires === undefined ? {} : { expiresAt: expires === 'never' ? null : deadlineOf(expires, Date.now()) }),
    };
    if (Object.keys(change).length === 0)
      throw wrongUsage('Nothing is to be changed.', 'Add --expires, --name or --owner.');
    const client = await openClient(context, options);
    const key = await client.put(`/keys/${encodeURIComponent(String(args.id))}`, change, { org: textOf(options.org) });
    if (options.json) screen.json(key);
    else screen.facts(keyFacts(key, Date.now()));
    return exitCodes.ok;
  },
};
