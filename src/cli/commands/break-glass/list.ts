import type { JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, wideOption } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';
import { fromNow } from '../../when.ts';

/** What lies in envelopes, and what was done with it. */
export const breakGlassList: CommandSpec = {
  path: ['break-glass', 'list'],
  summary: 'list sealed credentials, and accesses by them with their reasons',
  options: [wideOption, jsonOption],
  examples: [{ line: 'fairlead break-glass list', does: 'whether one waits, and whether one is in use' }],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const body = await (await openClient(context, options)).get('/break-glass');
    const credentials = listIn(body, 'credentials');
    if (options.json) screen.json(body);
    else if (credentials.length === 0)
      screen.line('None. Make one while you still get in: npx fairlead break-glass create');
    else {
      const now = Date.now();
      const rows = credentials.map((one) => [
        String(one.id),
        stateOf(one, now),
        fromNow(one.createdAt, now),
        fromNow(one.expiresAt, now),
        `${one.name}${one.reason === undefined ? '' : `: ${one.reason}`}`,
      ]);
      screen.table(['ID', 'STATE', 'MADE', 'ENDS', 'NAME: REASON'], rows, ['MADE', 'ENDS']);
    }
    return exitCodes.ok;
  },
};

function stateOf({ kind, endedAt, expiresAt, reason }: JsonObject, now: number): string {
  if (endedAt !== undefined) return kind === 'sealed' ? (reason === undefined ? 'destroyed' : 'used') : 'ended';
  if (typeof expiresAt === 'number' && expiresAt <= now) return 'expired';
  return kind === 'sealed' ? 'sealed' : 'IN USE';
}
