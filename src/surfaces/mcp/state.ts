import { createRequestStateCodec, type RequestStateCodec } from '@modelcontextprotocol/server';
import type { Keyring } from '../../platform/keyring/index.ts';

/** What Fairlead seals into a `requestState`: to whom and to what the coming answer belongs. */
export interface SealedState {
  callId: string;
  /** `<org> <principal id>`: an answer of anybody else is refused. */
  principal: string;
  operation: string;
  target: string;
  /** Digest of the arguments: the second round is the same call. */
  arguments: string;
  /** Set when the call itself waits on this server; otherwise the upstream's own state is inside. */
  parked?: boolean;
  upstream?: string;
}

/** Signs request states with a key that all replicas share, so that any of them takes the next round. */
export function createStateCodec(keyring: Keyring): RequestStateCodec<SealedState> {
  return createRequestStateCodec<SealedState>({ key: keyring.key('request-state'), ttlSeconds: 600 });
}
