import type { JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { keyState, scopesInShort } from '../../key-lines.ts';
import { listIn, textsIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';
import { fromNow } from '../../when.ts';

/** The keys of an organisation. */
export const keysList: CommandSpec = {
  path: ['keys', 'list'],
  summary: 'list API keys',
  about:
    'Never their secrets: those are shown once, when a key is created or rotated. `fairlead keys show` tells all of one.',
  options: [{ flags: '--all', help: 'revoked and expired ones too' }, orgOption, wideOption, jsonOption],
  examples: [
    { line: 'fairlead keys list', does: 'the keys that count' },
    { line: 'fairlead keys list --all --json', does: 'all of them, for programs' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const body = await client.get('/keys', { org: textOf(options.org) });
    const now = Date.now();
    const keys = listIn(body, 'keys').filter((key) => options.all || keyState(key, now) === 'active');
    if (options.json) screen.json({ keys });
    else if (keys.length === 0) screen.line('No keys.');
    else {
      const rows = keys.map((key) => [
        String(key.id),
        textsIn(key, 'roles'),
        endOf(key, now),
        fromNow(key.lastUsedAt, now),
        scopesInShort(key),
        `${key.name}${key.owner === key.name ? '' : ` (${key.owner})`}`,
      ]);
      screen.table(['ID', 'ROLES', 'ENDS', 'USED', 'SCOPES', 'NAME (OWNER)'], rows, ['SCOPES', 'USED', 'ROLES']);
    }
    return exitCodes.ok;
  },
};

function endOf(key: JsonObject, now: number): string {
  const state = keyState(key, now);
  return state === 'active' ? fromNow(key.expiresAt, now) : state;
}
