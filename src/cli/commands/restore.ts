import { resolve } from 'node:path';
import { refuseUnreadable } from '../backup-file.ts';
import { type CommandSpec, exitCodes, jsonOption } from '../command.ts';
import { databaseName, findData, keyringOf, offlineOptions, prepareData, withDatabase } from '../offline.ts';
import { progressBar } from '../progress.ts';
import { screenOf } from '../terminal.ts';

/** A backup into an empty database. */
export const restore: CommandSpec = {
  path: ['restore'],
  summary: 'read a backup into an empty database',
  about:
    'All of it or nothing, and only where no rows are yet: an unused data folder, or a new Postgres database. Give the\n' +
    'secret of the server that made it (--secret-file, or the file `secret` in the data folder): a file that does not\n' +
    'fit it was changed, or is of another server, and is refused. Where that secret is lost, --unverified restores\n' +
    'nevertheless and says what does not work any more.',
  args: [{ name: '<file>', help: 'file that `fairlead backup` wrote' }],
  options: [
    ...offlineOptions,
    { flags: '--unverified', help: 'also take a file that was made under another secret, or not signed' },
    jsonOption,
  ],
  examples: [
    { line: 'fairlead restore fairlead.backup --data-dir restored', does: 'into a new data folder' },
    { line: 'DATABASE_URL=postgres://... fairlead restore fairlead.backup', does: 'into a new Postgres database' },
  ],
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const file = resolve(context.cwd, String(args.file));
    const unverified = options.unverified === true;
    await refuseUnreadable(file);
    const { migrations } = await import('../../app/migrations.ts');
    const { migrate, openBackup, restore: readBackup } = await import('../../platform/db/index.ts');

    // Nothing is made, not even a folder, before it is sure that the file will do.
    const found = await findData(context, options);
    const known = found.settings.secret !== undefined || !unverified;
    const keyring = known ? keyringOf(found, ' If it is lost, add --unverified.') : undefined;
    const sign = keyring && ((sha256: string) => keyring.hashes('backups', sha256));
    const source = await openBackup(file, { sign, unverified, migrations });

    const data = await prepareData(context, options);
    const opening = {
      whenInUse: 'Restore into an unused data folder (--data-dir), and start the server on that one.',
    };
    return withDatabase(context, data, opening, async (database) => {
      const bar = progressBar(context, 'restore');
      const { tables, rows } = await readBackup(database, source, bar.update, migrations).finally(bar.end);
      const applied = await migrate(database, [...migrations]);
      const verified = source.origin === 'verified';
      const secret = data.settings.secret;
      if (!verified && secret !== undefined) {
        const { createKeyring, forgetSecrets } = await import('../../platform/keyring/index.ts');
        await forgetSecrets(database.db, createKeyring(secret)); // it starts with the one of here, as was asked for
      }
      if (options.json) screen.json({ file, tables, rows, applied, verified });
      else {
        screen.line(`Restored ${rows} rows of ${tables} tables into ${databaseName(data.settings)}.`);
        if (applied.length > 0) screen.line(`${applied.length} newer steps were applied.`);
      }
      if (source.origin !== 'verified') screen.note(lostWith(source.origin));
      return exitCodes.ok;
    });
  },
};

/** What the secret of before would have been good for. */
function lostWith(origin: 'foreign' | 'unsigned'): string {
  const why =
    origin === 'foreign'
      ? 'Warning: this backup was made under another secret than the one here, or was changed since.'
      : 'Warning: this backup is not signed. If it was made under another secret than the one here:';
  return `${why}
  - None of its API keys counts. Make a new one: npx fairlead keys create --offline
  - Secrets of upstreams that were added at run time cannot be read: give them again, with fairlead upstreams add --replace
  - Signatures of its audit do not fit until new ones take their place: fairlead audit verify names them`;
}
