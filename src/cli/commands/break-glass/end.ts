import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption } from '../../command.ts';
import { plain, screenOf } from '../../terminal.ts';

/** Ends an access, or destroys what lies in an envelope. */
export const breakGlassEnd: CommandSpec = {
  path: ['break-glass', 'end'],
  summary: 'end a break-glass access, or destroy a sealed credential',
  about: 'On every replica within a second.',
  args: [{ name: '<id>', help: 'id, as `fairlead break-glass list` shows it' }],
  options: [jsonOption],
  examples: [{ line: 'fairlead break-glass end bg_06gz...', does: 'when the work is done' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    await client.delete(`/break-glass/${encodeURIComponent(String(args.id))}`);
    if (options.json) screen.json({ ended: args.id });
    else screen.line(`Ended ${plain(String(args.id))}.`);
    return exitCodes.ok;
  },
};
