import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { screenOf } from '../../terminal.ts';

/** Takes a collection away that was added at run time. */
export const knowledgeRemove: CommandSpec = {
  path: ['knowledge', 'remove'],
  summary: 'remove a collection that was added at run time, with all of its documents',
  args: [{ name: '<name>', help: 'name of the collection' }],
  options: [{ flags: '--yes', help: 'do not ask' }, orgOption, jsonOption],
  examples: [{ line: 'fairlead knowledge remove handbook --yes', does: 'nothing in it is found any more' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const client = await openClient(context, options);
    if (!options.yes) await confirm(context, `All documents of the collection ${name} will be gone.`, name);
    await client.delete(`/knowledge/collections/${encodeURIComponent(name)}`, { org: textOf(options.org) });
    if (options.json) screen.json({ removed: name });
    else screen.line(`Removed the collection ${name}.`);
    return exitCodes.ok;
  },
};
