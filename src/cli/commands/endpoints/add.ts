import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { endpointOptions, endpointSettings } from '../../endpoint-input.ts';
import { CommandFailed } from '../../errors.ts';
import { listIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** One more selection of tools, without a restart. */
export const endpointsAdd: CommandSpec = {
  path: ['endpoints', 'add'],
  summary: 'add a named endpoint while the server runs',
  about:
    'A tool is served there when it fits one --include (every one without any) in all that it says, and no --exclude.\n' +
    'An endpoint of fairlead.yaml is changed there.',
  args: [{ name: '<name>', help: 'as it stands in its address, /mcp/<name>' }],
  options: [
    ...endpointOptions,
    { flags: '--replace', help: 'change the one of that name; what is not given again is gone' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead endpoints add git --toolset git --naming bare', does: 'one toolset, under its own names' },
    {
      line: `fairlead endpoints add reading --include 'annotations.readOnly=true' --exclude 'toolsets=weather'`,
      does: 'what only reads, but for the weather',
    },
    {
      line: 'fairlead endpoints add everything --disclosure search --pin git.git_status',
      does: 'one tool in the listing, the others are searched',
    },
    { line: 'fairlead endpoints add support --settings-file support.json', does: 'with tools shown another way' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const org = textOf(options.org);
    const settings = await endpointSettings(context, options);
    const client = await openClient(context, options);
    const known = listIn(await client.get('/endpoints', { org }), 'endpoints').find((each) => each.name === name);
    if (known?.source === 'runtime' && !options.replace) {
      throw new CommandFailed(
        exitCodes.failed,
        `There is an endpoint "${name}" already.`,
        'Add --replace to change it, or take another name.',
      );
    }
    const endpoint = await client.put(`/endpoints/${encodeURIComponent(name)}`, { settings }, { org });
    if (options.json) {
      screen.json(endpoint);
      return exitCodes.ok;
    }
    screen.line(`${known ? 'Changed' : 'Added'} the endpoint ${name}, served at ${client.url}${endpoint.path}.`);
    screen.line(`You may call ${endpoint.tools} tools there: npx fairlead tools list --endpoint ${name}`);
    screen.line(`To connect a client: npx fairlead connect --endpoint ${name}`);
    return exitCodes.ok;
  },
};
