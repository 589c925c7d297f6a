import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { listIn } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';
import { findUser } from '../../user-input.ts';

/** Everything of a person at once. */
export const usersRevoke: CommandSpec = {
  path: ['users', 'revoke'],
  summary: 'end everything of a person at once',
  about:
    'In one act, on every replica within a second: browsers, terminals, programs, tokens, codes, keys that are theirs,\n' +
    'connections, and open invitations to them or by them. The person stays a member and can sign in again: if somebody\n' +
    'else may have the password, remove them, or let them choose another one with `fairlead users reset`.\n' +
    'For browsers and programs alone there is `fairlead sessions revoke`.',
  args: [{ name: '<who>', help: 'e-mail address or id' }],
  options: [{ flags: '--yes', help: 'do it without asking' }, orgOption, jsonOption],
  examples: [{ line: 'fairlead users revoke someone@example.com', does: 'after a laptop was lost' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const org = textOf(options.org);
    const client = await openClient(context, options);
    const { id, email } = await findUser(client, String(args.who), org);
    if (!options.yes && context.stdin.isTTY)
      await confirm(context, `This ends everything that ${plain(email)} has here, keys too.`, 'revoke');
    const body = await client.post(`/users/${encodeURIComponent(id)}/revoke`, {}, { org });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const ended = isObject(body.ended) ? (body.ended as JsonObject) : {};
    screen.line(`Ended everything of ${plain(email)}:\n`);
    screen.facts(Object.entries(ended).map(([what, count]) => [what, String(count)]));
    const left = isObject(body.left) ? (body.left as JsonObject) : {};
    const others = [...listIn(left, 'keys'), ...listIn(left, 'services')];
    if (others.length > 0) {
      screen.line(
        '\nThey made these, which still count. Their secrets were shown to them; rotate or end what they should not know:',
      );
      for (const { id, name } of others) screen.line(`  ${plain(String(id))}  ${plain(String(name))}`);
    }
    return exitCodes.ok;
  },
};
