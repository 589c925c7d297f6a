import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { CommandFailed } from '../../errors.ts';
import { amountsOf } from '../../limit-input.ts';
import { listIn } from '../../reading.ts';
import { jsonText, moment, screenOf } from '../../terminal.ts';

/** One rule with its settings. */
export const limitsShow: CommandSpec = {
  path: ['limits', 'show'],
  summary: 'show a limit and its settings',
  args: [{ name: '<name>', help: 'name of the limit' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead limits show agents', does: 'whose calls it counts, and how' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const client = await openClient(context, options);
    const limits = listIn(await client.get('/limits', { org: textOf(options.org) }), 'limits');
    const found = limits.find((each) => each.name === name);
    if (!found) {
      const names = limits.map((each) => String(each.name));
      const those = names.length > 0 ? `There is: ${names.join(', ')}.` : '`fairlead limits add` adds one.';
      throw new CommandFailed(exitCodes.failed, `There is no limit "${name}".`, those);
    }
    if (options.json) {
      screen.json(found);
      return exitCodes.ok;
    }
    const { source, settings, changedBy, changedAt } = found;
    const all = isObject(settings) ? (settings as JsonObject) : {};
    screen.line(screen.styled('bold', name));
    screen.facts([
      ['limit', amountsOf(all)],
      ['source', String(source)],
      ['changed', changedBy === undefined ? undefined : `${moment(changedAt)} by ${changedBy}`],
    ]);
    screen.line(`\n${jsonText(all, 2)}`);
    return exitCodes.ok;
  },
};
