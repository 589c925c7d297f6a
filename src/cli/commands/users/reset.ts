import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { CommandFailed } from '../../errors.ts';
import { plain, screenOf } from '../../terminal.ts';
import { findUser } from '../../user-input.ts';

/** A link for somebody who lost the password. */
export const usersReset: CommandSpec = {
  path: ['users', 'reset'],
  summary: 'let a person choose a new password',
  about:
    'Prints a link, which counts once and for a week. When it is used, everything the person was signed in with ends.',
  args: [{ name: '<who>', help: 'e-mail address or id' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead users reset someone@example.com', does: 'for a password that was lost' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const org = textOf(options.org);
    const client = await openClient(context, options);
    const { kind, id, email } = await findUser(client, String(args.who), org);
    if (kind === 'invitation')
      throw new CommandFailed(
        exitCodes.failed,
        `${plain(email)} was invited and has no password yet.`,
        `For a new link, invite again: npx fairlead users invite ${plain(email)}`,
      );
    const made = await client.post(`/users/${encodeURIComponent(id)}/reset`, {}, { org });
    if (options.json) screen.json(made);
    else {
      screen.line(`A new password for ${plain(email)}:\n`);
      screen.line(`  ${screen.styled('bold', plain(String(made.link)))}\n`);
      screen.line('It counts once. Whoever has it becomes that person.');
    }
    return exitCodes.ok;
  },
};
