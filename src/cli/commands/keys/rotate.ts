import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { deadlineOf } from '../../reading.ts';
import { moment, plain, screenOf } from '../../terminal.ts';

/** A new secret for a key, with time to bring it to where the old one is. */
export const keysRotate: CommandSpec = {
  path: ['keys', 'rotate'],
  summary: 'give an API key a new secret',
  about:
    'The new secret counts at once and is shown this once; the old one goes on for the overlap, so that nothing stops while\n' +
    'it is replaced. `fairlead keys show` tells whether the old one is still used. A second rotation ends an older secret.',
  args: [{ name: '<id>', help: 'id of the key, as `fairlead keys list` shows it' }],
  options: [
    {
      flags: '--overlap <time>',
      help: 'how long the old secret counts: 30m, 24h, 7d, at most 30d; 0 for not',
      default: '24h',
    },
    orgOption,
    { flags: '--quiet', help: 'print the new secret alone, for a variable of the shell' },
    jsonOption,
  ],
  examples: [
    { line: 'fairlead keys rotate key_06gz... --overlap 24h', does: 'both secrets count for a day' },
    { line: 'fairlead keys rotate key_06gz... --overlap 0', does: 'the old secret was seen by somebody' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const overlapMs = overlapOf(textOf(options.overlap) ?? '24h');
    const client = await openClient(context, options);
    const path = `/keys/${encodeURIComponent(String(args.id))}/rotate`;
    const made = await client.post(path, { overlapMs }, { org: textOf(options.org) });
    const key = made.key as JsonObject;
    if (options.quiet) screen.line(String(made.secret));
    else if (options.json) screen.json(made);
    else {
      screen.line(`New secret of ${plain(String(key.name))}, shown this once:\n`);
      screen.line(`  ${screen.styled('bold', plain(String(made.secret)))}\n`);
      const until = isObject(key.previous) ? moment(key.previous.until) : undefined;
      screen.line(until === undefined ? 'The old one counts no more.' : `The old one counts until ${until}.`);
    }
    return exitCodes.ok;
  },
};

/** Milliseconds of a span, or of the way to a moment. @throws CommandFailed */
export function overlapOf(text: string): number {
  if (/^0[smhdw]?$/.test(text)) return 0;
  const now = Date.now();
  return Math.max(0, (deadlineOf(text, now) ?? now) - now);
}
