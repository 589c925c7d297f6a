import { createInterface } from 'node:readline/promises';
import type { JsonObject } from '../../../kernel/json.ts';
import { findServer } from '../../address.ts';
import { createClient } from '../../client.ts';
import { type CliContext, type CommandSpec, exitCodes, jsonOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { deadlineOf } from '../../reading.ts';
import { moment, plain, screenOf } from '../../terminal.ts';

const hour = 3_600_000;

/** Opens the envelope. */
export const breakGlassActivate: CommandSpec = {
  path: ['break-glass', 'activate'],
  summary: 'exchange a sealed credential for access to administration',
  about:
    'Asks for the credential, or reads it from standard input. It counts once. What you get administers everything and\n' +
    'calls no tool, and ends by itself. Everybody who watches the log, the metrics or the audit hears of it.',
  options: [
    { flags: '--reason <text>', help: 'what has happened; it stands in the log and the audit' },
    { flags: '--for <time>', help: 'how long the access lasts, four hours at most', default: '1h' },
    { flags: '--quiet', help: 'print the key alone, for a variable of the shell' },
    jsonOption,
  ],
  examples: [
    {
      line: 'fairlead break-glass activate --reason "the identity provider is down"',
      does: 'asks for the credential',
    },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const reason = textOf(options.reason);
    if (reason === undefined) throw wrongUsage('The reason is missing.', 'Add --reason "what has happened".');
    const now = Date.now();
    const forMs = (deadlineOf(textOf(options.for) ?? '1h', now) ?? now + hour) - now;
    const { url } = await findServer(context, options);
    const client = createClient({ url, key: await credentialOf(context), signal: context.signal });
    const made = await client.post('/break-glass/activate', { reason, forMs });
    const secret = plain(String(made.secret));
    if (options.quiet) screen.line(secret);
    else if (options.json) screen.json(made);
    else {
      const { id, expiresAt } = made.credential as JsonObject;
      screen.line(`Administration is open until ${moment(expiresAt)}, with this key:\n`);
      screen.line(`  export FAIRLEAD_KEY=${secret}\n`);
      screen.line(`When you are done: fairlead break-glass end ${id}`);
      screen.line('Then make a new one for the envelope: fairlead break-glass create');
    }
    return exitCodes.ok;
  },
};

/** Neither on the command line nor in the environment, where others of this machine could read it. */
async function credentialOf({ stdin, stderr, signal }: CliContext): Promise<string> {
  const lines = createInterface({ input: stdin, output: stdin.isTTY ? stderr : undefined });
  try {
    if (stdin.isTTY) return (await lines.question('The credential in the envelope: ', { signal })).trim();
    for await (const line of lines) if (line.trim() !== '') return line.trim();
  } finally {
    lines.close();
  }
  throw wrongUsage('No credential was given.', 'Type it when you are asked, or write it to standard input.');
}
