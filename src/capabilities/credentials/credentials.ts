import type { Clock } from '../../kernel/clock.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Egress } from '../../platform/http/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { createMachineTokens, isPersonal, type MachineTokens } from './machine.ts';
import { type Authorizer, authOf, type Callers, type Declared } from './types.ts';

export interface CredentialsDeps {
  egress: Pick<Egress, 'fetch'>;
  clock: Clock;
  log: Log;
  callers: Callers;
}

/** Whose credentials requests to upstreams carry, by the `auth` of their settings. */
export interface Credentials {
  authorizerFor(declaration: Declared, who: Principal | undefined): Authorizer | undefined;
  isPersonal(declaration: Declared): boolean;
  /** Ends requests for tokens that are under way. */
  stop(): Promise<void>;
}

export function createCredentials(deps: CredentialsDeps): Credentials {
  const stopping = new AbortController();
  // With other settings it is another declaration, and what was held under the old one is gone with that.
  const tokens = new WeakMap<Declared, MachineTokens>();

  return {
    authorizerFor(declaration, who) {
      const auth = authOf(declaration);
      if (!auth) return undefined;
      const known = tokens.get(declaration);
      const held = known ?? createMachineTokens(declaration, auth, { ...deps, stopping: stopping.signal });
      if (!known) tokens.set(declaration, held);
      return held.authorizerFor(who);
    },
    isPersonal(declaration) {
      const auth = authOf(declaration);
      return auth !== undefined && isPersonal(auth);
    },
    async stop() {
      stopping.abort(new Error('stopped'));
    },
  };
}
