import { resolve } from 'node:path';
import { type CommandSpec, exitCodes, jsonOption } from '../command.ts';
import { databaseName, offlineOptions, withDatabase } from '../offline.ts';
import { progressBar } from '../progress.ts';
import { screenOf } from '../terminal.ts';

/** The whole database in one file. */
export const backup: CommandSpec = {
  path: ['backup'],
  summary: 'write the whole database into one file',
  about:
    'All tables as they are at one moment. The file can be restored into either kind of database. A server on Postgres\n' +
    'may run meanwhile; one on the embedded database must be stopped. The secret is not in the file: keep it as well,\n' +
    'since API keys count with the same secret only.',
  args: [{ name: '<file>', help: 'file to write' }],
  options: [...offlineOptions, jsonOption],
  examples: [
    { line: 'fairlead backup fairlead.backup', does: 'the embedded database of this folder' },
    { line: 'DATABASE_URL=postgres://... fairlead backup fairlead.backup', does: 'a Postgres database' },
  ],
  run: (context, { args, options }) =>
    withDatabase(context, options, async (database, settings) => {
      const screen = screenOf(context);
      const { backup: writeBackup } = await import('../../platform/db/index.ts');
      const file = resolve(context.cwd, String(args.file));
      const bar = progressBar(context, 'backup');
      const summary = await writeBackup(database, file, bar.update).finally(bar.end);
      if (options.json) screen.json({ file, ...summary });
      else {
        const { tables, rows, bytes } = summary;
        screen.line(
          `Wrote ${rows} rows of ${tables} tables (${bytes} bytes) from ${databaseName(settings)} to ${file}.`,
        );
        screen.line('Keep the secret beside it, in a safe place: API keys count with the same secret only.');
      }
      return exitCodes.ok;
    }),
};
