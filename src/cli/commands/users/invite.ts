import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { textsOf } from '../../reading.ts';
import { moment, plain, screenOf } from '../../terminal.ts';

/** A link that makes somebody a member. */
export const usersInvite: CommandSpec = {
  path: ['users', 'invite'],
  summary: 'invite a person to an organisation',
  about:
    'Prints a link, which counts once and for a week. Give it to the person, and to nobody else: by it they choose a name\n' +
    'and a password, and from then on any MCP client signs them in by the address of this server alone.',
  args: [{ name: '<email>', help: 'by which the person signs in' }],
  options: [
    { flags: '--role <role>', help: 'viewer, developer, operator or admin', default: 'developer' },
    { flags: '--team <team...>', help: 'teams that the person belongs to' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead users invite someone@example.com --role admin', does: 'the first administrator' },
    { line: 'fairlead users invite someone@example.com --team platform', does: 'a developer of a team' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const input = { email: args.email, role: textOf(options.role), teams: textsOf(options.team) };
    const made = await client.post('/users/invitations', input, { org: textOf(options.org) });
    if (options.json) screen.json(made);
    else {
      const { email, role, org, expiresAt } = made.invitation as Record<string, unknown>;
      screen.line(`Invitation for ${plain(String(email))} (${role} of ${org}), until ${moment(expiresAt)}:\n`);
      screen.line(`  ${screen.styled('bold', plain(String(made.link)))}\n`);
      screen.line('It counts once. Whoever has it becomes that person.');
      for (const note of Array.isArray(made.notes) ? made.notes : []) screen.note(`Note: ${plain(String(note))}`);
    }
    return exitCodes.ok;
  },
};
