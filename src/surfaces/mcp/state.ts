import { createRequestStateCodec, type RequestStateCodec } from '@modelcontextprotocol/server';
import type { Keyring } from '../../platform/keyring/index.ts';

/** What Fairlead seals into a `requestState`: to whom and to what the coming answer belongs. */
export interface SealedState {
  /** The first call of the rounds. */
  callId: string;
  /** Digest over caller, request and tool: an answer to anything else is refused. */
  identity: string;
  /** How often the tool has asked. */
  rounds?: number;
  /** Set when the call itself waits on this server; otherwise the upstream's own state is inside. */
  parked?: boolean;
  upstream?: string;
}

/**
 * Signs request states with a key that all replicas share, so that any of them takes the next round; while the server's
 * secret changes, also where the round before was signed under the other one.
 */
export function createStateCodec(keyring: Keyring): RequestStateCodec<SealedState> {
  const codecs = keyring
    .keys('request-state')
    .map((key) => createRequestStateCodec<SealedState>({ key, ttlSeconds: 600 }));
  const [current, ...others] = codecs;
  if (!current) throw new Error('a keyring without a key');
  return {
    mint: current.mint,
    async verify(state, context) {
      for (const codec of others) {
        const verified = await codec.verify(state, context).catch(() => undefined);
        if (verified) return verified;
      }
      return current.verify(state, context);
    },
  };
}
