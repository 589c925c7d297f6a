import type { JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';

/** The servers behind this one and how they are. */
export const upstreamsList: CommandSpec = {
  path: ['upstreams', 'list'],
  summary: 'list the MCP servers behind this one and how they are',
  options: [orgOption, jsonOption],
  examples: [
    { line: 'fairlead upstreams list', does: 'with the reason where one is not live' },
    { line: 'fairlead upstreams list --json', does: 'for programs' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const body = await client.get('/upstreams', { org: textOf(options.org) });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const upstreams = listIn(body, 'upstreams');
    if (upstreams.length === 0) {
      screen.line('No upstreams. Declare them in fairlead.yaml, or add one: fairlead upstreams add --help');
      return exitCodes.ok;
    }
    screen.table(['NAME', 'STATE', 'TOOLS', 'SOURCE', 'TARGET'], upstreams.map(rowOf));
    for (const { name, reason } of upstreams) if (reason) screen.line(`\n${name}: ${plain(String(reason))}`);
    return exitCodes.ok;
  },
};

function rowOf(upstream: JsonObject): string[] {
  const { name, state, tools, source, transport, target } = upstream;
  return [String(name), String(state), String(tools), String(source), `${transport} ${target ?? ''}`];
}
