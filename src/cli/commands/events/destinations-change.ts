import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { countOf } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';

const nameArg = { name: '<name>', help: 'name of the destination' };
const pathOf = (name: unknown) => `/events/destinations/${encodeURIComponent(String(name))}`;

/** Takes one away that was added at run time. */
export const destinationsRemove: CommandSpec = {
  path: ['events', 'destinations', 'remove'],
  summary: 'remove a destination that was added at run time',
  about: 'What waits for it becomes dead letters. One of fairlead.yaml is removed there.',
  args: [nameArg],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead events destinations remove pager', does: 'no events go there any more' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    await client.delete(pathOf(args.name), { org: textOf(options.org) });
    if (options.json) screen.json({ removed: String(args.name) });
    else screen.line(`Removed the destination ${args.name}.`);
    return exitCodes.ok;
  },
};

/** A new secret beside the former one for a while. */
export const destinationsRotate: CommandSpec = {
  path: ['events', 'destinations', 'rotate'],
  summary: 'give a destination a new secret, shown once',
  about:
    'Until the end of the overlap events are signed with the former one, too, so that the receiver can change over.',
  args: [nameArg],
  options: [
    { flags: '--overlap <hours>', help: 'how long the former secret signs, too', default: '24' },
    orgOption,
    jsonOption,
  ],
  examples: [{ line: 'fairlead events destinations rotate pager --overlap 48', does: 'two days to change over' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const overlapSeconds = countOf(textOf(options.overlap), '--overlap') * 3_600;
    const client = await openClient(context, options);
    const made = await client.post(`${pathOf(args.name)}/rotate`, { overlapSeconds }, { org: textOf(options.org) });
    if (options.json) screen.json(made);
    else screen.line(`The new secret of ${args.name}, shown this once: ${made.secret}`);
    return exitCodes.ok;
  },
};

/** One event, at once. */
export const destinationsTest: CommandSpec = {
  path: ['events', 'destinations', 'test'],
  summary: 'deliver an event fairlead.test, and tell how that went',
  args: [nameArg],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead events destinations test pager', does: 'whether it can be reached and takes events' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const tried = await client.post(`${pathOf(args.name)}/test`, {}, { org: textOf(options.org) });
    if (options.json) screen.json(tried);
    else if (tried.delivered === true) screen.line(`Delivered in ${tried.tookMs} ms.`);
    else screen.line(`Not delivered: ${plain(String(tried.fault))}.`);
    return tried.delivered === true ? exitCodes.ok : exitCodes.failed;
  },
};
