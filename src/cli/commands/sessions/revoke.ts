import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { plain, screenOf } from '../../terminal.ts';
import { findUser } from '../../user-input.ts';

/** Ends one thing that a person is signed in with, or all of them. */
export const sessionsRevoke: CommandSpec = {
  path: ['sessions', 'revoke'],
  summary: 'sign a person out of one session, or of all',
  about:
    'On every replica within a second, with the tokens that were given. Keys stay: `fairlead users revoke` ends those, too.',
  args: [
    { name: '<who>', help: 'e-mail address or id' },
    { name: '[session]', help: 'id of the session, as `fairlead sessions list` shows it' },
  ],
  options: [{ flags: '--all', help: 'every browser, terminal and program' }, orgOption, jsonOption],
  examples: [
    { line: 'fairlead sessions revoke someone@example.com ses_06gz...', does: 'that browser' },
    { line: 'fairlead sessions revoke someone@example.com --all', does: 'signs the person out everywhere' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const org = textOf(options.org);
    const id = typeof args.session === 'string' ? args.session : undefined;
    if ((id === undefined) !== (options.all === true))
      throw wrongUsage('Name one session, or say --all.', 'npx fairlead sessions list WHO shows them.');
    const client = await openClient(context, options);
    const user = await findUser(client, String(args.who), org);
    const path = `/users/${encodeURIComponent(user.id)}/sessions`;
    const ended = await client.delete(id === undefined ? path : `${path}/${encodeURIComponent(id)}`, { org });
    if (options.json) screen.json(id === undefined ? { revoked: user.id } : ended);
    else if (id === undefined) screen.line(`Signed ${plain(user.email)} out everywhere.`);
    else screen.line(`Ended the ${ended.kind} ${plain(id)} of ${plain(user.email)}.`);
    return exitCodes.ok;
  },
};
