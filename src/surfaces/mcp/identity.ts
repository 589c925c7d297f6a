import type { ServerContext, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import type { Principal } from '../../kernel/principal.ts';
import type { CallBegun } from './begun.ts';
import type { Admitted, McpDeps } from './deps.ts';
import type { RoundOver, Rounds } from './rounds.ts';
import type { SealedState } from './state.ts';
import type { Visits } from './visits.ts';

/** One client's server: built for a session, or for a single request of the stateless revision. */
export interface ServerIdentity {
  era: 'modern' | 'sessions';
  /** Who it is built for; later requests of a session bring their own, freshly authenticated. */
  principal: Principal;
  endpoint: string | undefined;
  clientAddress: string | undefined;
  /** What the call came to that it is built for, where it was made already: it only has to be told. */
  over?: Promise<RoundOver> | undefined;
  /** From which level on the client of a session hears log messages: everything, until it says otherwise. */
  logLevel?: string;
}

export interface ServerParts {
  deps: McpDeps;
  rounds: Rounds;
  visits: Visits;
  verifyState(state: string, ctx: ServerContext): Promise<SealedState>;
}

export type AuthInfo = NonNullable<
  NonNullable<Parameters<WebStandardStreamableHTTPServerTransport['handleRequest']>[1]>['authInfo']
>;

/** What the SDK hands on with a request, to be read again by the functions below. */
export function authInfoOf(admitted: Admitted, made: { over?: Promise<RoundOver>; begun?: CallBegun } = {}): AuthInfo {
  const { principal, clientAddress, requestId } = admitted;
  return {
    token: '', // what the caller proved itself with goes no further than the door
    clientId: principal.id,
    scopes: [...principal.scopes],
    expiresAt: Math.floor((principal.expiresAt ?? Date.now() + 86_400_000) / 1000),
    extra: { principal, requestId, ...made, ...(clientAddress === undefined ? {} : { clientAddress }) },
  };
}

/** The call of this very request, where it began before the SDK got it. */
export function begunOf(ctx: ServerContext): CallBegun | undefined {
  return ctx.http?.authInfo?.extra?.begun as CallBegun | undefined;
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
