import { type CommandSpec, exitCodes, jsonOption } from '../command.ts';
import { databaseName, offlineOptions, prepareData, withDatabase } from '../offline.ts';
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
  async run(context, { options }) {
    const screen = screenOf(context);
    const data = await prepareData(context, options);
    const name = databaseName(data.settings);
    const opening = {
      whenInUse:
        'A server brings its database up to date when it starts. To do it beforehand with another version, stop it first.',
    };
    return withDatabase(context, data, opening, async (database) => {
      const { migrations } = await import('../../app/migrations.ts');
      const { migrate: applyMigrations } = await import('../../platform/db/index.ts');
      const shown = (step: string) => void (options.json || screen.line(`applied ${step}`));
      const applied = await applyMigrations(database, [...migrations], shown);
      if (options.json) screen.json({ applied });
      else if (applied.length === 0) screen.line(`Nothing to do: ${name} is up to date.`);
      else screen.line(`${applied.length} steps applied to ${name}.`);
      return exitCodes.ok;
    });
  },
};
