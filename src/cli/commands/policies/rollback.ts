import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { changeOptions, rehearseChange } from '../../policy-change.ts';
import { countOf } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** All policies as they stood, in force again. */
export const policiesRollback: CommandSpec = {
  path: ['policies', 'rollback'],
  summary: 'put all policies as they stood in force again, as a new version',
  about: 'Shows first what it changes and what it does to past decisions, and asks.',
  args: [{ name: '<number>', help: 'the version to go back to' }],
  options: [...changeOptions, orgOption, jsonOption],
  examples: [{ line: 'fairlead policies rollback 3', does: 'the policies of version 3 decide again' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const number = countOf(String(args.number), 'The number');
    const client = await openClient(context, options);
    const headers = await rehearseChange(context, client, { rollBack: number }, options);
    const query = { org: textOf(options.org) };
    const { body } = await client.exchange('POST', `/policy-versions/${number}/restore`, undefined, { query, headers });
    if (options.json) screen.json(body);
    else screen.line(`Rolled back to version ${number}, as version ${body.number}; it is in force.`);
    return exitCodes.ok;
  },
};
