import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { screenOf } from '../../terminal.ts';

/** Takes an endpoint away that was added at run time. */
export const endpointsRemove: CommandSpec = {
  path: ['endpoints', 'remove'],
  summary: 'remove an endpoint that was added at run time; its tools stay',
  about: 'One of fairlead.yaml is removed there; the file is read again when it changes.',
  args: [{ name: '<name>', help: 'name of the endpoint' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead endpoints remove release', does: 'its address is gone at once' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const client = await openClient(context, options);
    await client.delete(`/endpoints/${encodeURIComponent(name)}`, { org: textOf(options.org) });
    if (options.json) screen.json({ removed: name });
    else screen.line(`Removed the endpoint ${name}.`);
    return exitCodes.ok;
  },
};
