import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { countOf, listIn } from '../../reading.ts';
import { showDifferences } from '../../rehearsal-lines.ts';
import { screenOf } from '../../terminal.ts';

/** What differs between two versions of the policies. */
export const policiesDiff: CommandSpec = {
  path: ['policies', 'diff'],
  summary: 'say what differs between two versions of the policies',
  args: [
    { name: '<number>', help: 'a version' },
    { name: '[newer]', help: 'another one; when absent, <number> is held against the one before it' },
  ],
  options: [orgOption, jsonOption],
  examples: [
    { line: 'fairlead policies diff 3', does: 'what version 3 changed' },
    { line: 'fairlead policies diff 3 5', does: 'what has changed from 3 to 5' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const first = countOf(String(args.number), 'The number');
    const newer = args.newer === undefined ? undefined : countOf(String(args.newer), 'The number');
    const client = await openClient(context, options);
    const body = await client.get(`/policy-versions/${newer ?? first}/differences`, {
      org: textOf(options.org),
      from: newer === undefined ? undefined : first,
    });
    const differences = listIn(body, 'differences');
    if (options.json) screen.json(body);
    else if (differences.length === 0) screen.line('They do not differ.');
    else showDifferences(differences, screen);
    return exitCodes.ok;
  },
};
