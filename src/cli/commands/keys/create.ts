import type { CreatedKey, KeyInput } from '../../../capabilities/access/index.ts';
import { roleNames } from '../../../config/schema.ts';
import { defaultOrg } from '../../../kernel/principal.ts';
import { type ApiClient, openClient } from '../../client.ts';
import {
  type CliContext,
  type CommandInput,
  type CommandSpec,
  exitCodes,
  jsonOption,
  orgOption,
  textOf,
} from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { keyringOf, offlineOptions, prepareData, withDatabase } from '../../offline.ts';
import { deadlineOf, textsOf } from '../../reading.ts';
import { moment, screenOf } from '../../terminal.ts';
import { findUser } from '../../user-input.ts';

/** A new key, whose secret is shown once. */
export const keysCreate: CommandSpec = {
  path: ['keys', 'create'],
  summary: 'create an API key',
  about:
    'The secret is shown this once and kept nowhere. A key has at most the rights of the one that makes it.\n\n' +
    'Roles: viewer calls read-only tools; developer also writes that are not destructive; operator also destructive\n' +
    'tools; admin also administers.\n\n' +
    'With --offline it asks no server: it works on the data folder (or the database that DATABASE_URL names) itself,\n' +
    'for an admin key that was lost. On the embedded database the server must be stopped for that.',
  options: [
    { flags: '--name <text>', help: 'what people call it' },
    { flags: '--role <role...>', help: 'viewer, developer, operator or admin; developer, offline admin, when absent' },
    { flags: '--scope <scope...>', help: 'what it may be used for; all that its roles carry when absent' },
    { flags: '--expires <time>', help: 'when it ends: 12h, 30d, a date or a time; never when absent' },
    { flags: '--owner <text>', help: 'who answers for it; its maker when absent' },
    { flags: '--user <who>', help: 'member whose key it is, by e-mail address or id: it may no more than they may' },
    orgOption,
    { flags: '--quiet', help: 'print the key alone, for a variable of the shell' },
    { flags: '--offline', help: 'work on the data itself, without a server' },
    ...offlineOptions,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead keys create --name "build agent" --role developer --expires 90d', does: 'for an agent' },
    { line: 'fairlead keys create --name reader --role viewer --scope tools:read tools:call', does: 'a narrow one' },
    { line: 'fairlead keys create --name "my agent" --user kim@example.com', does: 'acts for that person' },
    { line: 'fairlead keys create --offline', does: 'a new admin key after the old one was lost' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const offline = options.offline === true;
    const name = textOf(options.name) ?? (offline ? 'made offline' : undefined);
    if (name === undefined) throw wrongUsage('The key needs a name.', 'Add --name, such as --name "build agent".');
    const roles = textsOf(options.role);
    const scopes = textsOf(options.scope);
    const owner = textOf(options.owner);
    const expiresAt = deadlineOf(textOf(options.expires), Date.now());
    const org = textOf(options.org);
    const user = textOf(options.user);
    if (offline && user !== undefined) throw wrongUsage('--user needs a server.', 'Leave out --offline, or --user.');
    await refuseUnknown('--role', roles, async () => roleNames);
    await refuseUnknown(
      '--scope',
      scopes,
      async () => (await import('../../../capabilities/access/index.ts')).scopeNames,
    );
    const input = {
      name,
      roles: roles.length > 0 ? roles : [offline ? 'admin' : 'developer'],
      ...(scopes.length > 0 ? { scopes } : {}),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(owner === undefined ? {} : { owner }),
    };
    const created = offline
      ? await createOffline(context, options, input as KeyInput, org ?? defaultOrg)
      : await createAt(await openClient(context, options), input, { org, user });
    if (options.quiet) screen.line(created.secret);
    else if (options.json) screen.json(created);
    else {
      const { key, secret } = created;
      screen.line(`API key, shown this once:\n\n  ${screen.styled('bold', secret)}\n`);
      screen.facts([
        ['id', key.id],
        ['name', key.name],
        ['organisation', key.org],
        ['roles', key.roles.join(', ')],
        ['expires', key.expiresAt === undefined ? 'never' : moment(key.expiresAt)],
      ]);
      if (!offline) screen.line(`\nConnect a client with it: fairlead connect --key ${secret}`);
    }
    return exitCodes.ok;
  },
};

async function createAt(
  client: ApiClient,
  input: object,
  { org, user }: { org: string | undefined; user: string | undefined },
): Promise<CreatedKey> {
  const userId = user === undefined ? undefined : (await findUser(client, user, org)).id;
  const body = userId === undefined ? input : { ...input, userId };
  return (await client.post('/keys', body, { org })) as unknown as CreatedKey;
}

async function createOffline(
  context: CliContext,
  options: CommandInput['options'],
  input: KeyInput,
  org: string,
): Promise<CreatedKey> {
  const data = await prepareData(context, options);
  const keyring = keyringOf(data);
  const opening = {
    migrated: true,
    whenInUse:
      'Ask the server for the key instead: npx fairlead keys create --name NAME --role ROLE, without --offline. On its machine ' +
      'the command line has an admin key of its own while it runs. Or stop it first.',
  };
  return withDatabase(context, data, opening, async (database, log) => {
    const { createOfflineKey } = await import('../../offline-key.ts');
    return createOfflineKey({ database, settings: data.settings, keyring, log }, input, org);
  });
}

/** Before anybody is asked or anything is opened. @throws CommandFailed */
async function refuseUnknown(
  option: string,
  given: readonly string[],
  known: () => Promise<readonly string[]>,
): Promise<void> {
  if (given.length === 0) return;
  const all = await known();
  const wrong = given.filter((value) => !all.includes(value));
  if (wrong.length === 0) return;
  throw wrongUsage(`${option}: there is no ${option.slice(2)} "${wrong.join('", "')}".`, `Known: ${all.join(', ')}.`);
}
