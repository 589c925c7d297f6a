import type { Keyring } from '../../../platform/keyring/index.ts';
import { revoke } from '../../../platform/oauth/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import type { Clients } from './clients/clients.ts';
import type { Provider, Target } from './provider.ts';
import { tokenContext } from './sealed.ts';
import type { ConnectionRow } from './store.ts';

const answerMs = 10_000;

/** Ends the tokens of a connection at its provider (RFC 7009). False where that cannot be told, or was not taken. */
export async function revokeTokens(
  deps: { keyring: Pick<Keyring, 'decrypt'>; provider: Provider; clients: Clients; log: Log },
  target: Target,
  row: ConnectionRow,
): Promise<boolean> {
  const { keyring, provider, clients, log } = deps;
  const { org, upstream, accessToken, refreshToken } = row;
  const signal = AbortSignal.timeout(answerMs);
  try {
    const { server } = await provider.place(target, signal);
    const client = server.issuer === row.issuer ? await clients.find(target, server, row.clientId) : undefined;
    if (!client) return false;
    const requests = provider.requestsFor(target, signal);
    // The refresh token first: with it goes, at most providers, all that it gave.
    const sealed = [
      ['refresh_token', refreshToken],
      ['access_token', accessToken],
    ] as const;
    let revoked = false;
    for (const [field, text] of sealed) {
      if (text === undefined) continue;
      const token = keyring.decrypt(text, tokenContext(org, row, field));
      revoked = (await revoke({ server, client, requests, now: Date.now }, token, field)) || revoked;
    }
    return revoked;
  } catch (error) {
    log.warn({ err: error, org, upstream }, 'tokens of a removed connection could not be ended at their provider');
    return false;
  }
}
