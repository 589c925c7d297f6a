import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { amountText, budgetOf } from '../../budget-input.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { jsonText, moment, screenOf } from '../../terminal.ts';

/** One budget with its accounts. */
export const budgetsShow: CommandSpec = {
  path: ['budgets', 'show'],
  summary: 'show a budget, its accounts and its settings',
  about: 'The accounts of which most is used stand first; those of periods before stand below them.',
  args: [{ name: '<name>', help: 'name of the budget' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead budgets show agents', does: 'what is spent, what is left, and when it is full again' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const client = await openClient(context, options);
    const found = await client.get(`/budgets/${encodeURIComponent(name)}`, { org: textOf(options.org) });
    if (options.json) {
      screen.json(found);
      return exitCodes.ok;
    }
    const { source, settings, changedBy, changedAt } = found;
    const all = isObject(settings) ? (settings as JsonObject) : {};
    screen.line(screen.styled('bold', name));
    screen.facts([
      ['budget', budgetOf(all)],
      ['source', String(source)],
      ['changed', changedBy === undefined ? undefined : `${moment(changedAt)} by ${changedBy}`],
    ]);
    const [accounts, past] = [listIn(found, 'accounts'), listIn(found, 'past')];
    screen.line('');
    if (accounts.length + past.length === 0) screen.line('Nothing was spent yet.');
    else
      screen.table(
        ['ACCOUNT', 'FROM', 'UNTIL', 'SPENT', 'HELD', 'LEFT'],
        [...accounts, ...past].map(({ account, from, until, spent, held, remaining }) => [
          String(account ?? 'all together'),
          moment(from),
          moment(until),
          amountText(spent),
          amountText(held),
          amountText(remaining),
        ]),
      );
    screen.line(`\n${jsonText(all, 2)}`);
    return exitCodes.ok;
  },
};
