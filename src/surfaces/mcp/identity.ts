import type { ServerContext } from '@modelcontextprotocol/server';
import type { Principal } from '../../kernel/principal.ts';
import type { McpDeps } from './deps.ts';
import type { RoundOver, Rounds } from './rounds.ts';
import type { SealedState } from './state.ts';

/** One client's server: built for a session, or for a single request of the stateless revision. */
export interface ServerIdentity {
  era: 'modern' | 'sessions';
  /** Who it is built for; later requests of a session bring their own, freshly authenticated. */
  principal: Principal;
  endpoint: string | undefined;
  clientAddress: string | undefined;
  /** What the call came to that it is built for, where it was made already: it only has to be told. */
  over?: Promise<RoundOver> | undefined;
}

export interface ServerParts {
  deps: McpDeps;
  rounds: Rounds;
  verifyState(state: string, ctx: ServerContext): Promise<SealedState>;
}

/** The principal of this very request: a session outlives changes of roles. */
export function principalOf(ctx: ServerContext, identity: ServerIdentity): Principal {
  const principal = ctx.http?.authInfo?.extra?.principal;
  return principal ? (principal as Principal) : identity.principal;
}

/** The caller's address as this very request brought it. */
export function clientAddressOf(ctx: ServerContext): string | undefined {
  const address = ctx.http?.authInfo?.extra?.clientAddress;
  return typeof address === 'string' ? address : undefined;
}

/** The id of this very request, as the log has it. */
export function requestIdOf(ctx: ServerContext): string | undefined {
  const id = ctx.http?.authInfo?.extra?.requestId;
  return typeof id === 'string' ? id : undefined;
}

/** By which way a caller came, as policies may read it. */
export function originOf(endpoint: string | undefined, clientAddress: string | undefined) {
  return { ...(endpoint === undefined ? {} : { endpoint }), ...(clientAddress === undefined ? {} : { clientAddress }) };
}
