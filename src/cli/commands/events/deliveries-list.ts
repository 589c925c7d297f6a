import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { moment, plain, screenOf } from '../../terminal.ts';

/** What became of events. */
export const deliveriesList: CommandSpec = {
  path: ['events', 'deliveries', 'list'],
  summary: 'list events on their way, and what became of them',
  about: 'Newest first. A dead letter is one that was given up; it can be replayed.',
  options: [
    { flags: '--state <state>', help: 'only those that are waiting, delivered or dead' },
    { flags: '--destination <name>', help: 'only those to one destination' },
    { flags: '--limit <n>', help: 'at most so many', default: '50' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead events deliveries list --state dead', does: 'dead letters, and why' },
    { line: 'fairlead events deliveries list --destination pager', does: 'what went to one destination' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const body = await client.get('/events/deliveries', {
      org: textOf(options.org),
      limit: textOf(options.limit),
      state: textOf(options.state),
      destination: textOf(options.destination),
    });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const all = listIn(body, 'deliveries');
    if (all.length === 0) {
      screen.line('No deliveries.');
      return exitCodes.ok;
    }
    screen.table(
      ['DELIVERY', 'STATE', 'TRIES', 'DESTINATION', 'EVENT', 'AT', 'FAULT'],
      all.map(({ id, state, attempts, destination, type, createdAt, fault }) => [
        String(id),
        String(state),
        String(attempts),
        String(destination),
        String(type),
        moment(createdAt),
        fault === undefined ? '-' : plain(String(fault)),
      ]),
    );
    return exitCodes.ok;
  },
};
