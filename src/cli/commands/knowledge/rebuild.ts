import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { counted } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** Vectors made anew beside those that are searched. */
export const knowledgeRebuild: CommandSpec = {
  path: ['knowledge', 'rebuild'],
  summary: 'make the vectors of a collection anew',
  about:
    'For a model that has changed behind its name. All passages are embedded again beside the vectors that are searched, ' +
    'which costs their tokens; the new ones take over when all are there. Another model in the settings does so by itself.',
  args: [{ name: '<collection>', help: 'name of the collection' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead knowledge rebuild handbook', does: 'begins and returns' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.collection);
    const client = await openClient(context, options);
    const path = `/knowledge/collections/${encodeURIComponent(name)}/rebuild`;
    const body = await client.post(path, {}, { org: textOf(options.org) });
    if (options.json) screen.json(body);
    else {
      screen.line(`Begun: ${counted(body.passages, 'passage')} of ${name} to be embedded again.`);
      screen.note('How far it is: npx fairlead knowledge list');
    }
    return exitCodes.ok;
  },
};
