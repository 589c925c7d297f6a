import { type CommandSpec, exitCodes, jsonOption } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { databaseName, findData, hasDatabase, keyringOf, offlineOptions, withDatabase } from '../../offline.ts';
import { screenOf } from '../../terminal.ts';

/** The way on where a secret is lost. */
export const secretsForget: CommandSpec = {
  path: ['secrets', 'forget'],
  summary: 'go on without the secret of before, which is lost',
  about:
    'A server does not start with another secret than the one that its database was used with. Where that one is lost,\n' +
    'this lets it start with the one that is there now. What the lost one protected stays unreadable: API keys and\n' +
    'invitations count no more, people sign in again, accounts at upstreams have to be connected again, secrets of\n' +
    'upstreams added at run time have to be given again, and encrypted collections are lost. To change a secret that\n' +
    'you have, give it as FAIRLEAD_OTHER_SECRETS instead, and nothing is lost. The embedded database must be stopped.',
  options: [...offlineOptions, { flags: '--yes', help: 'without being asked' }, jsonOption],
  examples: [
    { line: 'fairlead secrets forget', does: 'the database of this folder, with the secret that is there now' },
    { line: 'DATABASE_URL=postgres://... fairlead secrets forget --yes', does: 'a Postgres database, in a script' },
  ],
  async run(context, { options }) {
    const screen = screenOf(context);
    const data = await findData(context, options);
    const { settings } = data;
    const keyring = keyringOf(data);
    const name = databaseName(settings);
    if (settings.databaseUrl === undefined && !(await hasDatabase(settings.dataDir))) {
      if (options.json) screen.json({ forgotten: [] });
      else screen.line(`There is no database in ${settings.dataDir}.`);
      return exitCodes.ok;
    }
    const opening = { whenInUse: 'Stop the server first.', migrated: true };
    return withDatabase(context, data, opening, async (database, log) => {
      const { db } = database;
      const [{ sealedIn }, { fitOf }, { forgetOffline }] = await Promise.all([
        import('../../../app/rotation.ts'),
        import('../../../platform/keyring/index.ts'),
        import('../../offline-key.ts'),
      ]);
      const { missing } = await fitOf({ db, keyring, sealed: sealedIn(db) });
      if (missing.length > 0 && options.yes !== true) {
        const question = `What is sealed under the secrets ${missing.join(', ')} in ${name} is lost for good.`;
        await confirm(context, question, 'forget');
      }
      if (missing.length > 0) await forgetOffline({ database, settings, keyring, log }, missing);
      if (options.json) screen.json({ forgotten: missing, secret: keyring.id });
      else if (missing.length === 0) screen.line(`Nothing to do: the secret fits ${name}.`);
      else
        screen.line(
          `${name} is used with the secret ${keyring.id} from now on. Make a key: npx fairlead keys create --offline`,
        );
      return exitCodes.ok;
    });
  },
};
