import type { JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { listIn, quarantineIn, refusalsIn } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';

/** The servers behind this one and how they are. */
export const upstreamsList: CommandSpec = {
  path: ['upstreams', 'list'],
  summary: 'list the MCP servers and HTTP APIs behind this one and how they are',
  options: [orgOption, wideOption, jsonOption],
  examples: [
    { line: 'fairlead upstreams list', does: 'with the reason where one is not live' },
    { line: 'fairlead upstreams list --json', does: 'for programs' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
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
    screen.table(['NAME', 'STATE', 'TOOLS', 'SOURCE', 'TARGET'], upstreams.map(rowOf), ['SOURCE', 'TOOLS']);
    for (const upstream of upstreams) {
      for (const trouble of troublesOf(upstream)) screen.line(`\n${upstream.name}: ${plain(trouble)}`);
    }
    return exitCodes.ok;
  },
};

/** What is wrong with it, as exactly as the server tells who asks. */
function troublesOf(upstream: JsonObject): string[] {
  const { reason, detail, leftOut } = upstream;
  const refused = refusalsIn(upstream);
  const trouble = reason && detail ? `${reason}. ${detail}` : reason;
  const said = [trouble, ...(refused.length > 0 ? refused : [leftOut]), ...quarantineIn(upstream)];
  return said.filter((text) => typeof text === 'string');
}

function rowOf(upstream: JsonObject): string[] {
  const { name, state, tools, source, transport, target } = upstream;
  return [String(name), String(state), String(tools), String(source), `${transport} ${target ?? ''}`];
}
