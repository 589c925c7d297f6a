import { budgetOptions, budgetSettings } from '../../budget-input.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { screenOf } from '../../terminal.ts';

/** How much there is in a period, without a restart. */
export const budgetsSet: CommandSpec = {
  path: ['budgets', 'set'],
  summary: 'set a budget while the server runs: how much there is in a period',
  about:
    'A call is made when each budget that covers it, in all that the budget says, has enough for it. One that is there is\n' +
    'replaced: what is not given again is gone, and what was spent stays spent. Those of fairlead.yaml are changed there.',
  args: [{ name: '<name>', help: 'how refusals, records and events call it' }],
  options: [...budgetOptions, orgOption, jsonOption],
  examples: [
    { line: 'fairlead budgets set agents --kind agent --by team --money 200EUR', does: 'each team, in a month' },
    {
      line: 'fairlead budgets set answers --tool knowledge.answer --tokens 2000000 --per week',
      does: 'for all together',
    },
    { line: 'fairlead budgets set trial --by person --calls 100 --per 14d@2026-01-05', does: 'in fixed periods' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const settings = await budgetSettings(context, options);
    const client = await openClient(context, options);
    const budget = await client.put(`/budgets/${encodeURIComponent(name)}`, { settings }, { org: textOf(options.org) });
    if (options.json) screen.json(budget);
    else screen.line(`The budget ${name} counts from now on.`);
    return exitCodes.ok;
  },
};
