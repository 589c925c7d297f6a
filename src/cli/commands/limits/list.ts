import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { amountsOf } from '../../limit-input.ts';
import { listIn } from '../../reading.ts';
import { partsOf } from '../../selection-input.ts';
import { screenOf } from '../../terminal.ts';

/** The rules that calls are counted by. */
export const limitsList: CommandSpec = {
  path: ['limits', 'list'],
  summary: 'list the limits in force',
  options: [orgOption, wideOption, jsonOption],
  examples: [
    { line: 'fairlead limits list', does: 'those of your organisation, and where each comes from' },
    { line: 'fairlead limits list --json', does: 'for programs' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const body = await client.get('/limits', { org: textOf(options.org) });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const limits = listIn(body, 'limits');
    if (limits.length === 0) {
      screen.line('No limits. Declare them in fairlead.yaml, or add one: fairlead limits add --help');
      return exitCodes.ok;
    }
    screen.table(
      ['NAME', 'LIMIT', 'BY', 'FOR', 'OF', 'SOURCE'],
      limits.map(({ name, source, settings }) => {
        const all = isObject(settings) ? (settings as JsonObject) : {};
        const by = Array.isArray(all.by) && all.by.length > 0 ? all.by.join(', ') : 'together';
        return [
          String(name),
          amountsOf(all),
          by,
          partsOf(all.for, 'everybody'),
          partsOf(all.of, 'all'),
          String(source),
        ];
      }),
      ['SOURCE', 'OF', 'BY'],
    );
    if (isObject(body) && body.alone === true) {
      screen.line('The store of limits does not answer: each replica goes by its share of them.');
    }
    return exitCodes.ok;
  },
};
