import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { budgetOf, spentOf } from '../../budget-input.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { partsOf } from '../../selection-input.ts';
import { screenOf } from '../../terminal.ts';

/** What there is, and what is spent of it. */
export const budgetsList: CommandSpec = {
  path: ['budgets', 'list'],
  summary: 'list the budgets in force, and what is spent',
  about: 'SPENT is that of the account of which most is used in this period.',
  options: [orgOption, jsonOption],
  examples: [
    { line: 'fairlead budgets list', does: 'those of your organisation, and where each comes from' },
    { line: 'fairlead budgets list --json', does: 'for programs' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const body = await client.get('/budgets', { org: textOf(options.org) });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const budgets = listIn(body, 'budgets');
    if (budgets.length === 0) {
      screen.line('No budgets. Declare them in fairlead.yaml, or set one: fairlead budgets set --help');
      return exitCodes.ok;
    }
    screen.table(
      ['NAME', 'BUDGET', 'SPENT', 'BY', 'FOR', 'OF', 'SOURCE'],
      budgets.map(({ name, source, settings, most }) => {
        const all = isObject(settings) ? (settings as JsonObject) : {};
        const by = Array.isArray(all.by) && all.by.length > 0 ? all.by.join(', ') : 'together';
        return [
          String(name),
          budgetOf(all),
          spentOf(most),
          by,
          partsOf(all.for, 'everybody'),
          partsOf(all.of, 'all'),
          String(source),
        ];
      }),
    );
    return exitCodes.ok;
  },
};
