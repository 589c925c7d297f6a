import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { counted } from '../../reading.ts';
import { jsonText, moment, plain, screenOf } from '../../terminal.ts';

/** One delivery with its event. */
export const deliveriesShow: CommandSpec = {
  path: ['events', 'deliveries', 'show'],
  summary: 'show a delivery and the event that it carries',
  args: [{ name: '<id>', help: 'dlv_… of the list' }],
  options: [orgOption, jsonOption],
  examples: [
    {
      line: 'fairlead events deliveries show dlv_06exw4v5d0tq8m2k9r7h3n1c5b',
      does: 'what was sent, and what came of it',
    },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const path = `/events/deliveries/${encodeURIComponent(String(args.id))}`;
    const body = await client.get(path, { org: textOf(options.org) });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const delivery: JsonObject = isObject(body.delivery) ? (body.delivery as JsonObject) : {};
    const timeOf = (ms: unknown) => (ms === undefined ? undefined : moment(ms));
    const textIf = (value: unknown) => (value === undefined ? undefined : plain(String(value)));
    screen.line(screen.styled('bold', String(args.id)));
    screen.facts([
      ['event', `${delivery.type} (${delivery.event})`],
      ['subject', textIf(delivery.subject)],
      ['destination', String(delivery.destination)],
      ['state', `${delivery.state}, after ${counted(delivery.attempts, 'try')}`],
      ['fault', textIf(delivery.fault)],
      ['tried', timeOf(delivery.attemptedAt)],
      ['next try', timeOf(delivery.nextAt)],
      ['ended', timeOf(delivery.endedAt)],
    ]);
    screen.line(`\n${jsonText(isObject(body.event) ? body.event.data : {}, 2)}`);
    return exitCodes.ok;
  },
};

/** Dead letters wait again. */
export const deliveriesReplay: CommandSpec = {
  path: ['events', 'deliveries', 'replay'],
  summary: 'deliver dead letters after all',
  about:
    'One by its id, or all of them. They go out with the ids that they had, so that a receiver knows what it had taken.',
  args: [{ name: '[id]', help: 'dlv_… of the list' }],
  options: [
    { flags: '--all', help: 'every dead letter' },
    { flags: '--destination <name>', help: 'with --all: only those to one destination' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead events deliveries replay dlv_06exw4v5d0tq8m2k9r7h3n1c5b', does: 'one' },
    { line: 'fairlead events deliveries replay --all --destination pager', does: 'all that one destination missed' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const all = options.all === true;
    if ((args.id !== undefined) === all) throw wrongUsage('Which ones?', 'Give the id of one delivery, or --all.');
    const destination = textOf(options.destination);
    const client = await openClient(context, options);
    const org = textOf(options.org);
    const body = all
      ? await client.post('/events/replay', destination === undefined ? {} : { destination }, { org })
      : await client.post(`/events/deliveries/${encodeURIComponent(String(args.id))}/replay`, {}, { org });
    if (options.json) screen.json(body);
    else screen.line(`${counted(body.replayed, 'dead letter')} on the way again.`);
    return exitCodes.ok;
  },
};
