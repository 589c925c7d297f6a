import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** The named selections of tools. */
export const endpointsList: CommandSpec = {
  path: ['endpoints', 'list'],
  summary: 'list the named endpoints, their addresses, and how many tools you have there',
  options: [orgOption, wideOption, jsonOption],
  examples: [
    { line: 'fairlead endpoints list', does: 'those that have something for you' },
    { line: 'fairlead endpoints list --json', does: 'for programs' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const body = await client.get('/endpoints', { org: textOf(options.org) });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const endpoints = listIn(body, 'endpoints');
    if (endpoints.length === 0) {
      screen.line('No endpoints but /mcp. Declare them in fairlead.yaml, or add one: fairlead endpoints add --help');
      return exitCodes.ok;
    }
    screen.table(
      ['NAME', 'TOOLS', 'DISCLOSURE', 'SOURCE', 'ADDRESS'],
      endpoints.map(({ name, tools, disclosure, source, path }) => [
        String(name),
        String(tools),
        String(disclosure),
        String(source),
        `${client.url}${path}`,
      ]),
      ['DISCLOSURE', 'SOURCE'],
    );
    return exitCodes.ok;
  },
};
