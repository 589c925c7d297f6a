import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { listIn, textsIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';
import { findUser } from '../../user-input.ts';
import { fromNow } from '../../when.ts';

/** What people are signed in with. */
export const sessionsList: CommandSpec = {
  path: ['sessions', 'list'],
  summary: 'list what people are signed in with',
  about:
    'Browsers, terminals (`fairlead login`) and programs that people allowed, these with their scopes. A browser is seen up\n' +
    'to a day late.',
  args: [{ name: '[who]', help: 'e-mail address or id; everybody when absent' }],
  options: [orgOption, wideOption, jsonOption],
  examples: [
    { line: 'fairlead sessions list', does: 'of everybody' },
    { line: 'fairlead sessions list someone@example.com', does: 'of one person' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context, options);
    const org = textOf(options.org);
    const client = await openClient(context, options);
    const user = typeof args.who === 'string' ? await findUser(client, args.who, org) : undefined;
    const path = user ? `/users/${encodeURIComponent(user.id)}/sessions` : '/sessions';
    const sessions = listIn(await client.get(path, { org }), 'sessions');
    if (options.json) screen.json({ sessions });
    else if (sessions.length === 0) screen.line('Nobody is signed in.');
    else {
      const people = listIn(await client.get('/users', { org }), 'users');
      const emails = new Map(people.map(({ id, email }) => [id, String(email)]));
      const now = Date.now();
      const rows = sessions.map((session) => [
        String(session.id),
        String(session.kind),
        fromNow(session.seenAt, now),
        ...(user ? [] : [emails.get(String(session.userId)) ?? String(session.userId)]),
        whatOf(session),
      ]);
      screen.table(['ID', 'KIND', 'USED', ...(user ? [] : ['WHO']), 'WHAT'], rows, ['USED', 'KIND']);
    }
    return exitCodes.ok;
  },
};

function whatOf(session: JsonObject): string {
  if (session.kind === 'browser') {
    const from = typeof session.address === 'string' ? `from ${session.address}, ` : '';
    return `${from}${session.userAgent ?? 'unknown browser'}`;
  }
  const client = isObject(session.client) ? (session.client as JsonObject) : {};
  return `${client.name ?? client.id}: ${textsIn(session, 'scopes')}`;
}
