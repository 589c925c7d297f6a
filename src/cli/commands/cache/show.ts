import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { counted } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** How much is kept of results. */
export const cacheShow: CommandSpec = {
  path: ['cache', 'show'],
  summary: 'show how many results are kept to be told again',
  about: 'On the server that answers: each keeps its own.',
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead cache show', does: 'those of your organisation' }],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const body = await client.get('/cache', { org: textOf(options.org) });
    if (options.json) screen.json(body);
    else screen.line(`${counted(body.entries, 'result')}, ${counted(body.bytes, 'byte')}.`);
    return exitCodes.ok;
  },
};
