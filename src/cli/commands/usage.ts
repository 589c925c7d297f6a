import { isObject } from '../../kernel/json.ts';
import { amountText } from '../budget-input.ts';
import { openClient } from '../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../command.ts';
import { listIn, timeOf } from '../reading.ts';
import { screenOf } from '../terminal.ts';

const dayMs = 86_400_000;

/** What calls have cost. */
export const usage: CommandSpec = {
  path: ['usage'],
  summary: 'report what calls have cost, by day, tool or principal',
  about:
    'Every call that was made, whether a budget covers it or not. Days are those of UTC. It is added up from the audit, and\n' +
    'says the same.',
  options: [
    { flags: '--by <what>', help: 'day, tool or principal', default: 'day' },
    { flags: '--since <time>', help: 'from that day on: 7d, a date or a time', default: '30d' },
    { flags: '--until <time>', help: 'before that day, in the same forms' },
    { flags: '--tool <id>', help: 'calls of this tool' },
    { flags: '--principal <id>', help: 'calls of this principal, such as key:key_...' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead usage --by principal --since 7d', does: 'who called how much in the last week' },
    { line: 'fairlead usage --by tool --since 2026-11-01 --until 2026-12-01', does: 'what a month went to' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const now = Date.now();
    const by = String(options.by);
    const client = await openClient(context, options);
    const body = await client.get('/usage', {
      by,
      since: dayOf(timeOf(textOf(options.since), now)),
      until: dayOf(timeOf(textOf(options.until), now)),
      tool: textOf(options.tool),
      principal: textOf(options.principal),
      org: textOf(options.org),
    });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const rows = listIn(body, 'usage');
    if (rows.length === 0) {
      screen.line('No call was made in that time.');
      return exitCodes.ok;
    }
    screen.table(
      [by.toUpperCase(), 'CALLS', 'UNITS', 'TOKENS', 'MONEY'],
      rows.map(({ name, calls, units, tokens, money }) => [
        String(name),
        String(calls),
        amountText(units),
        String(tokens),
        Object.entries(isObject(money) ? money : {})
          .map(([currency, amount]) => `${amountText(amount)} ${currency}`)
          .join(', '),
      ]),
    );
    return exitCodes.ok;
  },
};

/** A moment's day in UTC; the whole of a day that is part of it. */
function dayOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(Math.floor(ms / dayMs) * dayMs).toISOString().slice(0, 10);
}
