import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption } from '../../command.ts';
import { plain, screenOf } from '../../terminal.ts';

/** The link by which an account is connected. */
export const connectionsConnect: CommandSpec = {
  path: ['connections', 'connect'],
  summary: 'connect an account of yours at an upstream',
  about:
    'Shows a link. Open it in any browser, on another machine if there is none here, and sign in at the upstream. A link of\n' +
    'an API key is good once, within a quarter of an hour, for whoever has it: show it to nobody.',
  args: [{ name: '<upstream>', help: 'name of the upstream' }],
  options: [jsonOption],
  examples: [
    { line: 'fairlead connections connect tickets', does: 'or another account in the place of the one there is' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const made = await client.post(`/connections/${encodeURIComponent(String(args.upstream))}`);
    if (options.json) screen.json(made);
    else screen.line(`Open this in a browser, and sign in:\n\n  ${plain(String(made.link))}\n`);
    return exitCodes.ok;
  },
};
