import type { JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { quarantineIn, refusalsIn, textsOf } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';
import { upstreamOptions, upstreamSettings } from '../../upstream-input.ts';

/** Whether an upstream works, before it is added or after. */
export const upstreamsTest: CommandSpec = {
  path: ['upstreams', 'test'],
  summary: 'connect to an MCP server, or read an OpenAPI document, once and say what it offers',
  about:
    'With an address, a program or a document it changes nothing. With a name alone it tests the upstream of that name; one of\n' +
    'fairlead.yaml is connected all the time, so its state is told. Exit code 1 when it does not work.',
  args: [
    { name: '<name>', help: 'name of the upstream' },
    { name: '[target...]', help: 'its address, or -- and the program with its arguments' },
  ],
  options: [...upstreamOptions, orgOption, jsonOption],
  examples: [
    { line: 'fairlead upstreams test tickets https://mcp.example.com/mcp', does: 'before it is added' },
    {
      line: 'fairlead upstreams test github --openapi github.json --tag issues',
      does: 'what cannot become a tool, and why',
    },
    { line: 'fairlead upstreams test files', does: 'one that is there' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const org = textOf(options.org);
    let settings = await upstreamSettings(context, textsOf(args.target), options);
    const client = await openClient(context, options);
    let found: JsonObject | undefined;
    let waiting: string[] = [];
    if (!settings) {
      const known = await client.get(`/upstreams/${encodeURIComponent(name)}`, { org });
      waiting = quarantineIn(known);
      settings = known.settings as JsonObject | undefined;
      if (known.source === 'file' || !settings) found = { ...known, ok: known.state === 'live' };
    }
    found ??= await client.post('/upstreams/test', { name, settings: settings ?? {} }, { org });
    if (options.json) screen.json(found);
    else if (found.ok) {
      const revision = found.transport === 'openapi' ? found.era : `MCP ${found.era}`;
      const era = found.era === undefined ? '' : `, ${revision}`;
      const took = found.durationMs === undefined ? '' : ` (${found.durationMs} ms)`;
      screen.line(`${name} works over ${found.transport}${era}${took}.`);
      screen.line(`${found.tools} tools, ${found.prompts} prompts, ${found.resources} resources.`);
      for (const refusal of refusalsIn(found)) screen.line(plain(refusal));
      for (const line of waiting) screen.line(line);
    } else screen.line(`${name} does not work: ${plain(String(found.reason ?? found.state ?? 'no reason given'))}`);
    return found.ok ? exitCodes.ok : exitCodes.failed;
  },
};
