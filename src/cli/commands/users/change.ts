import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { textsIn, textsOf } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';
import { findUser } from '../../user-input.ts';

/** Another role, or other teams. */
export const usersChange: CommandSpec = {
  path: ['users', 'change'],
  summary: 'change the role or the teams of a person',
  about: 'It counts at once, for whatever the person is signed in with, and for keys that are theirs.',
  args: [{ name: '<who>', help: 'e-mail address or id' }],
  options: [
    { flags: '--role <role>', help: 'viewer, developer, operator or admin' },
    { flags: '--team <team...>', help: 'all teams that the person belongs to from now on' },
    { flags: '--no-teams', help: 'the person belongs to no team' },
    { flags: '--follow <provider>', help: 'whose groups say both; none has them said here from now on' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead users change someone@example.com --role operator', does: 'another role' },
    {
      line: 'fairlead users change someone@example.com --team platform on-call',
      does: 'these two teams, and no other',
    },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const org = textOf(options.org);
    const role = textOf(options.role);
    const teams = textsOf(options.team);
    const follow = textOf(options.follow);
    const change = {
      ...(follow === undefined ? {} : { follows: follow === 'none' ? null : follow }),
      ...(role === undefined ? {} : { role }),
      ...(teams.length > 0 ? { teams } : options.teams === false ? { teams: [] } : {}),
    };
    if (Object.keys(change).length === 0)
      throw wrongUsage('Nothing is to be changed.', 'Add --role, --team, --no-teams or --follow.');
    const client = await openClient(context, options);
    const { id, email } = await findUser(client, String(args.who), org);
    const user = await client.put(`/users/${encodeURIComponent(id)}`, change, { org });
    if (options.json) screen.json(user);
    else {
      const inTeams = textsIn(user, 'teams');
      screen.line(`${plain(email)} is ${plain(String(user.role))} now, ${inTeams ? `in ${inTeams}` : 'in no team'}.`);
    }
    return exitCodes.ok;
  },
};
