import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, wideOption } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { moment, screenOf } from '../../terminal.ts';

/** All organisations. */
export const orgsList: CommandSpec = {
  path: ['orgs', 'list'],
  summary: 'list all organisations',
  options: [wideOption, jsonOption],
  examples: [{ line: 'fairlead orgs list', does: 'needs an admin key of the default organisation' }],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const body = await (await openClient(context, options)).get('/orgs');
    if (options.json) screen.json(body);
    else {
      const rows = listIn(body, 'orgs').map(({ id, name, createdAt }) => [String(id), moment(createdAt), String(name)]);
      screen.table(['ID', 'CREATED', 'NAME'], rows, ['CREATED']);
    }
    return exitCodes.ok;
  },
};
