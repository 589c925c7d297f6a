import { showApproval } from '../../approval-lines.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { screenOf } from '../../terminal.ts';

/** What is asked for. */
export const approvalsShow: CommandSpec = {
  path: ['approvals', 'show'],
  summary: 'show a call that waits for consent, with its arguments',
  args: [{ name: '<id>', help: 'id of the approval, as `approvals list` gives it' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead approvals show apr_06exw4v5d0tq8m2k9r7h3n1c5b', does: 'who asks for what, and why' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const one = await client.get(`/approvals/${encodeURIComponent(String(args.id))}`, { org: textOf(options.org) });
    if (options.json) screen.json(one);
    else showApproval(screen, one);
    return exitCodes.ok;
  },
};
