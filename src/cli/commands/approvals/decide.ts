import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { screenOf } from '../../terminal.ts';

const args = [{ name: '<id>', help: 'id of the approval, as `approvals list` gives it' }];
const options = [{ flags: '--comment <text>', help: 'told to who asked' }, orgOption, jsonOption];

const deciding =
  (decision: 'approve' | 'reject', said: (id: string) => string): CommandSpec['run'] =>
  async (context, { args, options }) => {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const id = String(args.id);
    const comment = textOf(options.comment);
    const decided = await client.post(
      `/approvals/${encodeURIComponent(id)}/decision`,
      { decision, ...(comment === undefined ? {} : { comment }) },
      { org: textOf(options.org) },
    );
    if (options.json) screen.json(decided);
    else screen.line(decided.state === 'pending' ? 'Approved by you; it takes somebody else, too.' : said(id));
    return exitCodes.ok;
  };

/** Consent. */
export const approvalsApprove: CommandSpec = {
  path: ['approvals', 'approve'],
  summary: 'approve a call that waits for consent',
  about: 'The call is made at once, at most once, and with just the arguments that `approvals show` shows.',
  args,
  options,
  examples: [{ line: 'fairlead approvals approve apr_06exw4v5d0tq8m2k9r7h3n1c5b', does: 'it is made now' }],
  remote: true,
  run: deciding('approve', (id) => `Approved; the call is made now. What became of it: fairlead approvals show ${id}`),
};

/** No consent. */
export const approvalsReject: CommandSpec = {
  path: ['approvals', 'reject'],
  summary: 'reject a call that waits for consent',
  args,
  options,
  examples: [
    {
      line: 'fairlead approvals reject apr_06exw4v5d0tq8m2k9r7h3n1c5b --comment "Not on a Friday"',
      does: 'nothing is called, and who asked is told why',
    },
  ],
  remote: true,
  run: deciding('reject', () => 'Rejected; nothing is called.'),
};
