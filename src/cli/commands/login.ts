import { setTimeout as pause } from 'node:timers/promises';
import { commandLineSettings } from '../../config/index.ts';
import { findServer } from '../address.ts';
import { type CommandSpec, exitCodes, jsonOption } from '../command.ts';
import { CommandFailed, unreachable } from '../errors.ts';
import { askProtocol, commandLineClient, loginOf } from '../login-token.ts';
import { keepLogin } from '../logins.ts';
import { plain, screenOf } from '../terminal.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** Signs the person at the terminal in, by any browser. */
export const login: CommandSpec = {
  path: ['login'],
  summary: 'sign in at a server as yourself',
  about:
    'Shows an address and a code. Open the address in any browser, on another machine if there is none here, sign in and\n' +
    'enter the code. From then on commands for that server act in your name, wherever neither --key nor FAIRLEAD_KEY says\n' +
    'otherwise. What it gets is kept in fairlead/logins.json in your configuration folder, readable by you alone.',
  options: [jsonOption],
  examples: [{ line: 'fairlead login --url https://fairlead.example.com', does: 'once for each server' }],
  remote: true,
  async run(context, { options }) {
    const { signal } = context;
    const screen = screenOf(context);
    const { url } = await findServer(context, options);
    const ask = (address: string, form?: Record<string, string>) =>
      askProtocol(address, form, signal).catch((error) => {
        if (signal.aborted) throw new CommandFailed(130, 'Interrupted.', 'Nobody was signed in.');
        throw unreachable(url, error);
      });

    const { status, body: about } = await ask(`${url}/.well-known/oauth-authorization-server`);
    const [tokenUrl, deviceUrl, revokeUrl] = ['token', 'device_authorization', 'revocation'].map(
      (name) => about[`${name}_endpoint`],
    );
    if (status !== 200 || typeof tokenUrl !== 'string' || typeof deviceUrl !== 'string')
      throw new CommandFailed(
        exitCodes.failed,
        `Nobody signs in at ${url} itself: its built-in sign-in is off.`,
        'Use an API key: FAIRLEAD_KEY or --key.',
      );
    const { body: device } = await ask(deviceUrl, { client_id: commandLineClient, scope: '*' });
    const { device_code, user_code, verification_uri, interval, expires_in } = device;
    if (typeof device_code !== 'string' || typeof user_code !== 'string')
      throw new CommandFailed(exitCodes.failed, 'The server gave no code.', 'Wait a few minutes and try again.');
    screen.note(`Open ${plain(String(verification_uri))} in a browser, and enter the code:\n\n  ${plain(user_code)}\n`);

    const deadline = Date.now() + Number(expires_in) * 1000;
    for (let waitMs = Number(interval) * 1000; Date.now() < deadline; ) {
      await pause(waitMs, undefined, { signal }).catch(() => {
        throw new CommandFailed(130, 'Interrupted.', 'Nobody was signed in.');
      });
      const answer = await ask(tokenUrl, { grant_type: deviceGrant, device_code, client_id: commandLineClient });
      const urls = { tokenUrl, ...(typeof revokeUrl === 'string' ? { revokeUrl } : {}) };
      const got = loginOf(answer, urls);
      if (got) {
        await keepLogin(commandLineSettings(context.env).logins, url, got);
        if (options.json) screen.json({ url });
        else screen.line(`Signed in at ${url}.`);
        return exitCodes.ok;
      }
      const { error } = answer.body;
      if (error === 'slow_down') waitMs += 5_000;
      else if (error !== 'authorization_pending')
        throw new CommandFailed(
          exitCodes.unauthenticated,
          error === 'access_denied' ? 'It was not allowed.' : 'The code counts no more.',
          'Try again: npx fairlead login',
        );
    }
    throw new CommandFailed(exitCodes.unauthenticated, 'Nobody entered the code in time.', 'Try again.');
  },
};
