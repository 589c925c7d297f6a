import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { moment, plain, screenOf } from '../../terminal.ts';
import { overlapOf } from '../keys/rotate.ts';

/** A new secret for a machine, with time to bring it to where the old one is. */
export const servicesRotate: CommandSpec = {
  path: ['services', 'rotate'],
  summary: 'give a service account a new secret',
  about: 'The new one counts at once and is shown this once; the old one goes on for the overlap.',
  args: [{ name: '<id>', help: 'id of the account, as `fairlead services list` shows it' }],
  options: [
    {
      flags: '--overlap <time>',
      help: 'how long the old secret counts: 30m, 24h, 7d, at most 30d; 0 for not',
      default: '24h',
    },
    orgOption,
    jsonOption,
  ],
  examples: [{ line: 'fairlead services rotate svc_06gz... --overlap 24h', does: 'both secrets count for a day' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const overlapMs = overlapOf(textOf(options.overlap) ?? '24h');
    const client = await openClient(context, options);
    const path = `/services/${encodeURIComponent(String(args.id))}/rotate`;
    const made = await client.post(path, { overlapMs }, { org: textOf(options.org) });
    if (options.json) screen.json(made);
    else {
      const service = made.service as JsonObject;
      screen.line(`New secret of ${plain(String(service.name))}, shown this once:\n`);
      screen.line(`  ${screen.styled('bold', plain(String(made.secret)))}\n`);
      const until = isObject(service.previous) ? moment(service.previous.until) : undefined;
      screen.line(until === undefined ? 'The old one counts no more.' : `The old one counts until ${until}.`);
    }
    return exitCodes.ok;
  },
};
