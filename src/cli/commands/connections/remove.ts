import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { CommandFailed } from '../../errors.ts';
import { screenOf } from '../../terminal.ts';

/** Ends the use of an account. */
export const connectionsRemove: CommandSpec = {
  path: ['connections', 'remove'],
  summary: 'end the use of an account at an upstream',
  about: 'Forgets its tokens, and ends them at the provider where that has a way to be told.',
  args: [{ name: '<upstream>', help: 'name of the upstream' }],
  options: [
    { flags: '--subject <subject>', help: 'whose, for administrators, such as user:usr_…; yours when absent' },
    orgOption,
    jsonOption,
  ],
  examples: [{ line: 'fairlead connections remove tickets', does: 'your own' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const upstream = String(args.upstream);
    const subject = textOf(options.subject);
    const query = subject === undefined ? {} : { subject, org: textOf(options.org) };
    const { revoked } = await client
      .delete(`/connections/${encodeURIComponent(upstream)}`, query)
      .catch((error: unknown) => {
        if (subject !== undefined || !(error instanceof CommandFailed) || error.body?.code !== 'NOT_FOUND') throw error;
        throw new CommandFailed(
          error.exitCode,
          `You have no connection to ${upstream}.`,
          'For that of somebody else, administrators give --subject: npx fairlead connections list --all --json names them.',
        );
      });
    if (options.json) screen.json({ removed: upstream, revoked: revoked ?? false });
    else
      screen.line(
        revoked === true
          ? `Removed; its tokens are ended at the provider of ${upstream}, too.`
          : `Removed here. The provider of ${upstream} was not told: end the access there yourself if it matters.`,
      );
    return exitCodes.ok;
  },
};
