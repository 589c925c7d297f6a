import { isObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';

/** Where events go. */
export const destinationsList: CommandSpec = {
  path: ['events', 'destinations', 'list'],
  summary: 'list where events are delivered to',
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead events destinations list', does: 'those of your organisation, without their secrets' }],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const body = await client.get('/events/destinations', { org: textOf(options.org) });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const all = listIn(body, 'destinations');
    if (all.length === 0) {
      screen.line(
        'No destinations. Declare them in fairlead.yaml, or add one: fairlead events destinations add --help',
      );
      return exitCodes.ok;
    }
    screen.table(
      ['NAME', 'TYPE', 'EVENTS', 'TO', 'SOURCE'],
      all.map(({ name, source, settings, fault }) => {
        const { type = '-', events, url = '-' } = isObject(settings) ? settings : {};
        const to = fault === undefined ? String(url) : String(fault);
        return [String(name), String(type), Array.isArray(events) ? events.join(', ') : '-', plain(to), String(source)];
      }),
    );
    return exitCodes.ok;
  },
};
