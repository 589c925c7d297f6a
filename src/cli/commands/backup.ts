import { resolve } from 'node:path';
import { refuseUnwritable } from '../backup-file.ts';
import { type CommandSpec, exitCodes, jsonOption } from '../command.ts';
import { wrongUsage } from '../errors.ts';
import { databaseName, findData, hasDatabase, keyringOf, offlineOptions, withDatabase } from '../offline.ts';
import { progressBar } from '../progress.ts';
import { screenOf } from '../terminal.ts';

/** The whole database in one file. */
export const backup: CommandSpec = {
  path: ['backup'],
  summary: 'write the whole database into one file',
  about:
    'All tables as they are at one moment. The file can be restored into either kind of database. A server on Postgres\n' +
    'may run meanwhile; one on the embedded database must be stopped. The file is signed under the secret of the server,\n' +
    'which is not in it: keep it as well. A restore asks for it, and API keys count with it only.',
  args: [{ name: '<file>', help: 'a new file to write to' }],
  options: [{ flags: '--force', help: 'overwrite the file if there is one' }, ...offlineOptions, jsonOption],
  examples: [
    { line: 'fairlead backup fairlead.backup', does: 'the embedded database of this folder' },
    { line: 'DATABASE_URL=postgres://... fairlead backup fairlead.backup', does: 'a Postgres database' },
  ],
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const file = resolve(context.cwd, String(args.file));
    await refuseUnwritable(file, { overwrite: options.force === true });
    const data = await findData(context, options);
    const { databaseUrl, dataDir } = data.settings;
    if (databaseUrl === undefined && !(await hasDatabase(dataDir))) {
      throw wrongUsage(
        `There is no database in ${dataDir}.`,
        'Name the data folder of the server with --data-dir (FAIRLEAD_DATA_DIR), or its Postgres with DATABASE_URL.',
      );
    }
    const keyring = keyringOf(data);
    const opening = {
      whenInUse: 'Stop the server, back up, and start it again; only one on Postgres may run meanwhile.',
    };
    return withDatabase(context, data, opening, async (database) => {
      const { backup: writeBackup } = await import('../../platform/db/index.ts');
      const bar = progressBar(context, 'backup');
      const sign = (sha256: string) => keyring.hash('backups', sha256);
      const summary = await writeBackup(database, file, sign, bar.update).finally(bar.end);
      if (options.json) screen.json({ file, ...summary });
      else {
        const { tables, rows, bytes } = summary;
        screen.line(
          `Wrote ${rows} rows of ${tables} tables (${bytes} bytes) from ${databaseName(data.settings)} to ${file}.`,
        );
        screen.line('Keep the secret as well, in a safe place: a restore and the API keys need the same one.');
      }
      return exitCodes.ok;
    });
  },
};
