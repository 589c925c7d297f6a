import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { listIn, textsIn } from '../../reading.ts';
import { moment, screenOf } from '../../terminal.ts';

/** The members of an organisation. */
export const usersList: CommandSpec = {
  path: ['users', 'list'],
  summary: 'list the people of an organisation',
  about:
    'Members, by what they sign in, and who is invited to become one. Role and teams of a member by `(groups)` are those\n' +
    'of their groups at that provider; suspended is who is in none of them any more.',
  options: [orgOption, wideOption, jsonOption],
  examples: [{ line: 'fairlead users list', does: 'who is there' }],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const body = await client.get('/users', { org: textOf(options.org) });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const users = listIn(body, 'users').map((user) => [
      String(user.id),
      String(user.role),
      user.suspendedAt === undefined ? 'member' : 'suspended',
      moment(user.createdAt),
      textsIn(user, 'teams') || '-',
      `${textsIn(user, 'signsInBy') || '-'}${user.follows === undefined ? '' : ' (groups)'}`,
      `${user.email} (${user.name})`,
    ]);
    const open = listIn(body, 'invitations').map((invitation) => [
      String(invitation.id),
      String(invitation.role),
      invitation.kind === 'reset' ? 'new password' : 'invited',
      `until ${moment(invitation.expiresAt)}`,
      textsIn(invitation, 'teams') || '-',
      '-',
      String(invitation.email),
    ]);
    if (users.length + open.length === 0) screen.line('Nobody yet. Invite somebody: npx fairlead users invite EMAIL');
    else
      screen.table(
        ['ID', 'ROLE', 'STATE', 'SINCE', 'TEAMS', 'SIGNS IN BY', 'WHO'],
        [...users, ...open],
        ['SINCE', 'SIGNS IN BY', 'TEAMS', 'STATE'],
      );
    return exitCodes.ok;
  },
};
