import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { plain, screenOf } from '../../terminal.ts';
import { findUser } from '../../user-input.ts';

/** Signs somebody out everywhere. */
export const usersRevoke: CommandSpec = {
  path: ['users', 'revoke'],
  summary: 'sign a person out everywhere',
  about: 'Browsers, programs and tokens end on every replica within a second. The person can sign in again.',
  args: [{ name: '<who>', help: 'e-mail address or id' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead users revoke someone@example.com', does: 'after a laptop was lost' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const org = textOf(options.org);
    const client = await openClient(context, options);
    const { id, email } = await findUser(client, String(args.who), org);
    await client.delete(`/users/${encodeURIComponent(id)}/sessions`, { org });
    if (options.json) screen.json({ revoked: id });
    else screen.line(`Signed ${plain(email)} out everywhere.`);
    return exitCodes.ok;
  },
};
