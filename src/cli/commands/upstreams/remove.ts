import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { screenOf } from '../../terminal.ts';

/** Takes a server away that was added at run time. */
export const upstreamsRemove: CommandSpec = {
  path: ['upstreams', 'remove'],
  summary: 'remove an MCP server that was added at run time, and its tools',
  about: 'One of fairlead.yaml is removed there; the file is read again when it changes.',
  args: [{ name: '<name>', help: 'name of the upstream' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead upstreams remove tickets', does: 'its tools are gone at once' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const client = await openClient(context, options);
    await client.delete(`/upstreams/${encodeURIComponent(name)}`, { org: textOf(options.org) });
    if (options.json) screen.json({ removed: name });
    else screen.line(`Removed the upstream ${name}.`);
    return exitCodes.ok;
  },
};
