import { resolve } from 'node:path';
import { type CommandSpec, exitCodes, jsonOption } from '../command.ts';
import { databaseName, offlineOptions, withDatabase } from '../offline.ts';
import { progressBar } from '../progress.ts';
import { screenOf } from '../terminal.ts';

/** A backup into an empty database. */
export const restore: CommandSpec = {
  path: ['restore'],
  summary: 'read a backup into an empty database',
  about:
    'All of it or nothing, and only where no rows are yet: an unused data folder, or a new Postgres database. Give the\n' +
    'same secret as before (FAIRLEAD_SECRET_FILE, or the file `secret` in the data folder).',
  args: [{ name: '<file>', help: 'file that `fairlead backup` wrote' }],
  options: [...offlineOptions, jsonOption],
  examples: [
    { line: 'fairlead restore fairlead.backup --data-dir restored', does: 'into a new data folder' },
    { line: 'DATABASE_URL=postgres://... fairlead restore fairlead.backup', does: 'into a new Postgres database' },
  ],
  run: (context, { args, options }) =>
    withDatabase(
      context,
      options,
      async (database, settings) => {
        const screen = screenOf(context);
        const { migrations } = await import('../../app/migrations.ts');
        const { migrate, restore: readBackup } = await import('../../platform/db/index.ts');
        const file = resolve(context.cwd, String(args.file));
        const bar = progressBar(context, 'restore');
        const { tables, rows } = await readBackup(database, file, bar.update, migrations).finally(bar.end);
        const applied = await migrate(database, [...migrations]);
        if (options.json) screen.json({ file, tables, rows, applied });
        else {
          screen.line(`Restored ${rows} rows of ${tables} tables into ${databaseName(settings)}.`);
          if (applied.length > 0) screen.line(`${applied.length} newer steps were applied.`);
        }
        return exitCodes.ok;
      },
      { prepare: false },
    ),
};
