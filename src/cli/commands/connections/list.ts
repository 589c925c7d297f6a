import type { JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';

/** Accounts at upstreams and how they are. */
export const connectionsList: CommandSpec = {
  path: ['connections', 'list'],
  summary: 'list the accounts that you, or all, have connected at upstreams',
  about: 'Your own; with --all, for administrators, those of everybody in the organisation. Never a token.',
  options: [{ flags: '--all', help: 'those of everybody' }, orgOption, wideOption, jsonOption],
  examples: [
    { line: 'fairlead connections list', does: 'your own, with when they end' },
    { line: 'fairlead connections list --all', does: 'those of everybody' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const query = options.all === true ? { all: 'true', org: textOf(options.org) } : {};
    const body = await client.get('/connections', query);
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const connections = listIn(body, 'connections');
    if (connections.length === 0) {
      screen.line('No connections. Make one: fairlead connections connect <upstream>');
      return exitCodes.ok;
    }
    screen.table(['UPSTREAM', 'WHO', 'ACCOUNT', 'STATE', 'ENDS', 'LAST USED'], connections.map(rowOf), [
      'LAST USED',
      'ACCOUNT',
    ]);
    for (const { upstream, who, reason, warning } of connections) {
      const said = [reason, warning].filter((text) => typeof text === 'string').map((text) => plain(text));
      if (said.length > 0) screen.line(`\n${upstream} (${plain(String(who))}): ${said.join('. ')}`);
    }
    return exitCodes.ok;
  },
};

function rowOf({ upstream, who, account, state, expiresAt, renews, lastUsedAt }: JsonObject): string[] {
  const time = (ms: unknown) =>
    typeof ms === 'number' ? new Date(ms).toISOString().slice(0, 16).replace('T', ' ') : '-';
  const ends = renews === true ? 'renewed' : time(expiresAt);
  return [String(upstream), plain(String(who)), plain(String(account ?? '-')), String(state), ends, time(lastUsedAt)];
}
