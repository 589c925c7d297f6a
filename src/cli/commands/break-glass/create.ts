import type { Sealed } from '../../../capabilities/access/index.ts';
import { openClient } from '../../client.ts';
import { type CliContext, type CommandInput, type CommandSpec, exitCodes, jsonOption, textOf } from '../../command.ts';
import { keyringOf, offlineOptions, prepareData, withDatabase } from '../../offline.ts';
import { deadlineOf } from '../../reading.ts';
import { moment, screenOf } from '../../terminal.ts';

/** A credential for an envelope. */
export const breakGlassCreate: CommandSpec = {
  path: ['break-glass', 'create'],
  summary: 'make a sealed credential for when nobody gets in any other way',
  about:
    'It is shown this once and kept as a hash. By itself it opens nothing: whoever has it exchanges it, once and with a\n' +
    'reason, for an hour of administration, and everybody hears of it. Print it, seal it, and lock it away.\n' +
    'docs/how-to/administer-access.md says how to keep, replace and rehearse it.\n\n' +
    'With --offline it asks no server, and works on the data folder or the database that DATABASE_URL names.',
  options: [
    { flags: '--name <text>', help: 'where it lies', default: 'break-glass' },
    { flags: '--expires <time>', help: 'when it counts no more: 365d, a date or a time; never when absent' },
    { flags: '--quiet', help: 'print the credential alone, for a printer' },
    { flags: '--offline', help: 'work on the data itself, without a server' },
    ...offlineOptions,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead break-glass create --name "safe in the office" --expires 365d', does: 'one for a year' },
    { line: 'fairlead break-glass create --quiet | lp', does: 'on paper, and on no screen' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const expiresAt = deadlineOf(textOf(options.expires), Date.now());
    const input = { name: textOf(options.name) ?? 'break-glass', ...(expiresAt === undefined ? {} : { expiresAt }) };
    const made = options.offline
      ? await createOffline(context, options, input)
      : ((await (await openClient(context, options)).post('/break-glass', input)) as unknown as Sealed);
    const { credential, secret } = made;
    if (options.quiet) screen.line(secret);
    else if (options.json) screen.json(made);
    else {
      screen.line(`Break-glass credential, shown this once:\n\n  ${screen.styled('bold', secret)}\n`);
      screen.facts([
        ['id', credential.id],
        ['name', credential.name],
        ['expires', credential.expiresAt === undefined ? 'never' : moment(credential.expiresAt)],
      ]);
      screen.line('\nIts use: fairlead break-glass activate --reason "..."');
    }
    return exitCodes.ok;
  },
};

async function createOffline(
  context: CliContext,
  options: CommandInput['options'],
  input: { name: string; expiresAt?: number },
): Promise<Sealed> {
  const data = await prepareData(context, options);
  const keyring = keyringOf(data);
  const opening = { migrated: true, whenInUse: 'Ask the server instead, without --offline, or stop it first.' };
  return withDatabase(context, data, opening, async (database, log) => {
    const { sealOffline } = await import('../../offline-key.ts');
    return sealOffline({ database, settings: data.settings, keyring, log }, input);
  });
}
