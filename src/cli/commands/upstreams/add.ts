import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { textsOf } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';
import { upstreamOptions, upstreamSettings } from '../../upstream-input.ts';

/** One more server or API behind this one, without a restart. */
export const upstreamsAdd: CommandSpec = {
  path: ['upstreams', 'add'],
  summary: 'add an MCP server or an HTTP API while this one runs',
  about:
    'It is kept in the database. Secret values are kept encrypted and never given out; give them in a file rather\n' +
    'than on the command line, which shows in process lists. Programs can be added only where fairlead.yaml says\n' +
    'allowRuntimeStdio: true. An upstream of fairlead.yaml is changed there. Of an OpenAPI document in a file, what the\n' +
    'chosen operations need is sent to the server and kept there; one at a URL is read again by the server now and then.\n' +
    'What it offers is in quarantine until somebody has accepted it, unless you --trust it as it is first seen.',
  args: [
    { name: '<name>', help: 'its name, and the toolset of its tools: up to 24 lower case letters, digits and dashes' },
    { name: '[target...]', help: 'its address, or -- and the program with its arguments' },
  ],
  options: [...upstreamOptions, { flags: '--replace', help: 'change the one of that name' }, orgOption, jsonOption],
  examples: [
    { line: 'fairlead upstreams add tickets https://mcp.example.com/mcp', does: 'over HTTP' },
    { line: 'fairlead upstreams add tickets https://mcp.example.com/mcp --trust', does: 'and serve its tools at once' },
    { line: 'fairlead upstreams add notes -- mcp-server-filesystem ./notes', does: 'a program' },
    { line: 'fairlead upstreams add tickets --settings-file tickets.json', does: 'with headers and secrets' },
    {
      line: 'fairlead upstreams add petstore --openapi https://petstore.example.com/openapi.json --tag pet',
      does: 'the operations of an API as tools',
    },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const org = textOf(options.org);
    const settings = await upstreamSettings(context, textsOf(args.target), options);
    if (!settings)
      throw wrongUsage('It needs an address, a program or --openapi.', 'Or --settings-file with all settings.');
    const client = await openClient(context, options);
    const status = options.replace
      ? await client.put(`/upstreams/${encodeURIComponent(name)}`, { settings }, { org })
      : await client.post('/upstreams', { name, settings }, { org });
    if (options.json) screen.json(status);
    else {
      screen.line(`${options.replace ? 'Changed' : 'Added'} the upstream ${name}; it is being connected.`);
      screen.line('How it is: npx fairlead upstreams list');
      if (settings.trust !== 'first-use')
        screen.line(`To look at what it offers, and accept it: npx fairlead tools review ${name}`);
    }
    if (!options.json && settings.annotations !== 'trust') screen.line(unbelieved);
    return exitCodes.ok;
  },
};

const unbelieved =
  'What it says of its tools is not believed: every tool counts as destructive, and viewers and developers see none, ' +
  'unless its settings say "annotations": "trust", or what single tools do (--settings-file).';
