import { type CommandSpec, exitCodes, jsonOption } from '../command.ts';
import { databaseName, offlineOptions, withDatabase } from '../offline.ts';
import { screenOf } from '../terminal.ts';

/** Brings the database up to date. */
export const migrate: CommandSpec = {
  path: ['migrate'],
  summary: 'bring the database up to date',
  about:
    '`serve` does the same when it starts; this is for those who want it done before, such as a deployment with\n' +
    'several replicas. Steps go forward only, each in a transaction; several at once take turns.',
  options: [...offlineOptions, jsonOption],
  examples: [
    { line: 'fairlead migrate', does: 'the embedded database of this folder' },
    { line: 'DATABASE_URL=postgres://... fairlead migrate', does: 'a Postgres database' },
  ],
  run: (context, { options }) =>
    withDatabase(
      context,
      options,
      async (database, settings) => {
        const screen = screenOf(context);
        const { migrations } = await import('../../app/migrations.ts');
        const { migrate: applyMigrations } = await import('../../platform/db/index.ts');
        const shown = (name: string) => void (options.json || screen.line(`applied ${name}`));
        const applied = await applyMigrations(database, [...migrations], shown);
        if (options.json) screen.json({ applied });
        else if (applied.length === 0) screen.line(`Nothing to do: ${databaseName(settings)} is up to date.`);
        else screen.line(`${applied.length} steps applied to ${databaseName(settings)}.`);
        return exitCodes.ok;
      },
      { prepare: false },
    ),
};
