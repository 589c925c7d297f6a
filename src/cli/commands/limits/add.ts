import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { CommandFailed } from '../../errors.ts';
import { limitOptions, limitSettings } from '../../limit-input.ts';
import { listIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** One more rule that calls are counted by, without a restart. */
export const limitsAdd: CommandSpec = {
  path: ['limits', 'add'],
  summary: 'add a limit while the server runs: how often, or how many calls at once',
  about:
    'A call is counted by each rule that covers it, in all that the rule says; it is made when all of them have room.\n' +
    'Rules of fairlead.yaml are changed there.',
  args: [{ name: '<name>', help: 'how refusals, records and metrics call it' }],
  options: [
    ...limitOptions,
    { flags: '--replace', help: 'change the one of that name; what is not given again is gone' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead limits add callers --by principal --rate 60/minute --burst 20', does: 'each caller on its own' },
    { line: "fairlead limits add deploys --tool 'deploy.*' --concurrency 1", does: 'one deployment at a time' },
    { line: 'fairlead limits add agents --kind agent --window 5000/day', does: 'all agents together' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const org = textOf(options.org);
    const settings = await limitSettings(context, options);
    const client = await openClient(context, options);
    const known = listIn(await client.get('/limits', { org }), 'limits').find((each) => each.name === name);
    if (known?.source === 'runtime' && !options.replace) {
      throw new CommandFailed(
        exitCodes.failed,
        `There is a limit "${name}" already.`,
        'Add --replace to change it, or take another name.',
      );
    }
    const limit = await client.put(`/limits/${encodeURIComponent(name)}`, { settings }, { org });
    if (options.json) screen.json(limit);
    else screen.line(`${known ? 'Changed' : 'Added'} the limit ${name}. It counts from now on.`);
    return exitCodes.ok;
  },
};
