import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { plain, screenOf } from '../../terminal.ts';
import { findUser } from '../../user-input.ts';

/** Ends a membership, or an invitation. */
export const usersRemove: CommandSpec = {
  path: ['users', 'remove'],
  summary: 'remove a person from an organisation, or withdraw an invitation',
  about: 'Everything that the person is signed in with there ends on every replica within a second.',
  args: [{ name: '<who>', help: 'e-mail address or id' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead users remove someone@example.com', does: 'that person is out' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const org = textOf(options.org);
    const client = await openClient(context, options);
    const { kind, id, email } = await findUser(client, String(args.who), org);
    await client.delete(kind === 'user' ? `/users/${id}` : `/users/invitations/${id}`, { org });
    if (options.json) screen.json({ removed: id });
    else screen.line(kind === 'user' ? `Removed ${plain(email)}.` : `Withdrew the invitation of ${plain(email)}.`);
    return exitCodes.ok;
  },
};
