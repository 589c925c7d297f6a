import { commandLineSettings } from '../../config/index.ts';
import { findServer } from '../address.ts';
import { type CommandSpec, exitCodes, jsonOption } from '../command.ts';
import { askProtocol, commandLineClient } from '../login-token.ts';
import { keepLogin, readLogins } from '../logins.ts';
import { screenOf } from '../terminal.ts';

/** Forgets what `login` got, here and at the server. */
export const logout: CommandSpec = {
  path: ['logout'],
  summary: 'forget the sign-in at a server',
  about: 'Commands for that server need a key again, or another `fairlead login`.',
  options: [jsonOption],
  examples: [{ line: 'fairlead logout --url https://fairlead.example.com', does: 'on a machine that is given away' }],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const { url } = await findServer(context, options);
    const { logins } = commandLineSettings(context.env);
    const known = (await readLogins(logins))[url];
    if (known) {
      await keepLogin(logins, url, undefined);
      const form = { token: known.refreshToken, client_id: commandLineClient };
      const told = known.revokeUrl ? await askProtocol(known.revokeUrl, form).catch(() => undefined) : undefined;
      if (told?.status !== 200) screen.note('The server could not be told; what it gave ends within 30 days.');
    }
    if (options.json) screen.json({ url, wasSignedIn: known !== undefined });
    else screen.line(known ? `Signed out at ${url}.` : `Nobody was signed in at ${url}.`);
    return exitCodes.ok;
  },
};
