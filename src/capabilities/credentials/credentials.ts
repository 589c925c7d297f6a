import type { Clock } from '../../kernel/clock.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Egress } from '../../platform/http/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { createMachineTokens, isPersonal, type MachineTokens } from './machine.ts';
import { type Authorizer, type Callers, type Declared, machineAuthOf } from './types.ts';

export interface MachineCredentialsDeps {
  egress: Pick<Egress, 'fetch'>;
  clock: Clock;
  log: Log;
  callers: Callers;
}

/** Credentials for upstreams whose settings name a grant that needs nobody's browser. */
export interface MachineCredentials {
  /** Undefined where the settings name no such grant. */
  authorizerFor(declaration: Declared, who: Principal | undefined): Authorizer | undefined;
  isPersonal(declaration: Declared): boolean;
  /** Ends requests for tokens that are under way. */
  stop(): Promise<void>;
}

export function createMachineCredentials(deps: MachineCredentialsDeps): MachineCredentials {
  const stopping = new AbortController();
  // With other settings it is another declaration, and what was held under the old one is gone with that.
  const tokens = new WeakMap<Declared, MachineTokens>();

  return {
    authorizerFor(declaration, who) {
      const auth = machineAuthOf(declaration);
      if (!auth) return undefined;
      const known = tokens.get(declaration);
      const held = known ?? createMachineTokens(declaration, auth, { ...deps, stopping: stopping.signal });
      if (!known) tokens.set(declaration, held);
      return held.authorizerFor(who);
    },
    isPersonal(declaration) {
      const auth = machineAuthOf(declaration);
      return auth !== undefined && isPersonal(auth);
    },
    async stop() {
      stopping.abort(new Error('stopped'));
    },
  };
}
