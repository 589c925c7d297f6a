import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { scopesInShort } from '../../key-lines.ts';
import { listIn, textsIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';
import { fromNow } from '../../when.ts';

/** Machines that get tokens by client credentials. */
export const servicesList: CommandSpec = {
  path: ['services', 'list'],
  summary: 'list service accounts: machines that sign in by themselves',
  options: [orgOption, wideOption, jsonOption],
  examples: [{ line: 'fairlead services list', does: 'with their last use and scopes' }],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const body = await client.get('/services', { org: textOf(options.org) });
    const services = listIn(body, 'services');
    if (options.json) screen.json(body);
    else if (services.length === 0) screen.line('None yet. Make one: npx fairlead services create NAME --role ROLE');
    else {
      const now = Date.now();
      const rows = services.map((service) => [
        String(service.id),
        textsIn(service, 'roles'),
        service.disabled ? 'disabled' : service.previous ? 'two secrets' : String(service.proof),
        fromNow(service.lastUsedAt, now),
        scopesInShort(service),
        String(service.name),
      ]);
      screen.table(['ID', 'ROLES', 'STATE', 'USED', 'SCOPES', 'NAME'], rows, ['SCOPES', 'USED', 'ROLES']);
    }
    return exitCodes.ok;
  },
};
