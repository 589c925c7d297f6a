import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { counted, listIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** Whether the parts of a collection agree. */
export const knowledgeVerify: CommandSpec = {
  path: ['knowledge', 'verify'],
  summary: 'hold documents, passages and the index of a collection against each other',
  args: [{ name: '<collection>', help: 'name of the collection' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead knowledge verify handbook', does: 'tells what disagrees; nothing should' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.collection);
    const client = await openClient(context, options);
    const path = `/knowledge/collections/${encodeURIComponent(name)}/verify`;
    const body = await client.get(path, { org: textOf(options.org) });
    if (options.json) screen.json(body);
    else if (body.ok) screen.line(`The collection ${name} is whole: documents, passages and index agree.`);
    else {
      for (const { what, count } of listIn(body, 'disagreements')) screen.line(`${count} ${what}`);
      screen.note('Remove the collection and fill it again to mend it, and tell those who build Fairlead.');
    }
    if (!options.json && typeof body.pending === 'number' && body.pending > 0)
      screen.note(`${counted(body.pending, 'passage')} without a vector yet; by their words they are found already.`);
    return body.ok ? exitCodes.ok : exitCodes.failed;
  },
};
