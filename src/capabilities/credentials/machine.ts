import type { Clock } from '../../kernel/clock.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Egress } from '../../platform/http/index.ts';
import {
  createOAuthRequests,
  OAuthFault,
  readChallenge,
  scopesTogether,
  type TokenSet,
} from '../../platform/oauth/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { CredentialRefused, CredentialUnavailable } from './errors.ts';
import { createHeldToken, type HeldToken } from './held.ts';
import { obtainToken } from './obtain.ts';
import { cacheKeyOf } from './subject.ts';
import { type Authorizer, addressOf, type Callers, type Declared, type MachineAuth, type Refusal } from './types.ts';
import { createWhereabouts } from './whereabouts.ts';

interface Deps {
  egress: Pick<Egress, 'fetch'>;
  clock: Clock;
  log: Log;
  callers: Callers;
  stopping: AbortSignal;
}

/** The tokens of one upstream that are had without anybody's browser: one for all, or one for each subject. */
export interface MachineTokens {
  authorizerFor(who: Principal | undefined): Authorizer;
}

/** What is held for one subject. */
interface Purse {
  token: HeldToken;
  /** All that was asked for so far. */
  scope: string | undefined;
  /** Of the last one that was fetched because the one before was refused. */
  renewedAt: number;
}

const maxPurses = 10_000;
/** A token that is refused as soon as it was got: its successor would fare no better. */
const renewEveryMs = 5_000;
const itself = 'fairlead';

export function createMachineTokens(declared: Declared, auth: MachineAuth, deps: Deps): MachineTokens {
  const { egress, clock, callers, stopping } = deps;
  const { org, name, source } = declared;
  const log = deps.log.child({ upstream: name, org });
  const address = addressOf(declared);
  const now = () => clock.now();
  const requests = createOAuthRequests({
    egress,
    trusted: source === 'file' ? addressesIn(auth, address) : [],
    signal: stopping,
  });
  const whereabouts = createWhereabouts({ auth, address, requests, now });
  const purses = new Map<string, Purse>();

  const told = (error: unknown): unknown => {
    if (!(error instanceof OAuthFault)) return error;
    const { reason, detail, code, retryable, retryAfterSeconds } = error;
    log.warn({ reason, detail, code }, 'no token for an upstream');
    if (!retryable) return CredentialRefused({ name, reason }, { cause: error });
    return CredentialUnavailable(
      { name, reason },
      { cause: error, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) },
    );
  };

  const purseOf = (who: Principal | undefined): Purse => {
    const key = isPersonal(auth) && who ? cacheKeyOf(who) : itself;
    const purse = purses.get(key) ?? { token: createHeldToken(now), scope: undefined, renewedAt: 0 };
    purses.delete(key); // what was used last stands last
    purses.set(key, purse);
    const [oldest] = purses.keys();
    if (purses.size > maxPurses && oldest !== undefined) purses.delete(oldest);
    return purse;
  };

  const fetchToken = async (purse: Purse, who: Principal | undefined): Promise<TokenSet> => {
    try {
      const found = await whereabouts.get();
      purse.scope ??= scopesTogether((auth.scopes ?? found.scopes)?.join(' '));
      const { scope } = purse;
      return await obtainToken({ org, name, auth, who, whereabouts: found, scope, requests, callers, now });
    } catch (error) {
      if (error instanceof OAuthFault) whereabouts.forget();
      throw told(error);
    }
  };

  /** Whether there is another token by now than the one that was refused. */
  const renewed = async (
    purse: Purse,
    { status, challenge, sent }: Refusal,
    anew: () => Promise<TokenSet>,
  ): Promise<boolean> => {
    const held = purse.token.current();
    const refused = sent.authorization?.replace(/^Bearer /, '');
    // Another request was faster: there is a new one already.
    if (held && held.accessToken !== refused) return true;
    const { scope, resourceMetadata } = readChallenge(challenge);
    const before = purse.scope;
    // What is wanted in the first place wins over what there is; what is wanted more comes on top of what is held.
    const base = status === 401 && scope !== undefined ? auth.scopes?.join(' ') : before;
    const wanted = scopesTogether(base, scope);
    const isSame = wanted === before;
    if (isSame && (status === 403 || now() - purse.renewedAt < renewEveryMs)) return false;
    purse.renewedAt = now();
    if (refused !== undefined) purse.token.drop(refused);
    whereabouts.forget(resourceMetadata);
    try {
      purse.scope = wanted;
      await anew();
      return true;
    } catch (error) {
      purse.scope = before; // a scope that nobody gets must not stand in the way of all that follows
      throw error;
    }
  };

  return {
    authorizerFor(who) {
      const purse = purseOf(who);
      const tokenNow = (signal: AbortSignal) => purse.token.get(signal, () => fetchToken(purse, who));
      return {
        async headers(signal) {
          const { accessToken } = await tokenNow(signal);
          return { authorization: `Bearer ${accessToken}` };
        },
        refused: (refusal, signal) => renewed(purse, refusal, () => tokenNow(signal)),
      };
    },
  };
}

export function isPersonal({ grant }: MachineAuth): boolean {
  return grant === 'token_exchange' || grant === 'enterprise_managed';
}

/** What the operator wrote down. */
function addressesIn(auth: MachineAuth, address: string): (string | undefined)[] {
  const provider = auth.grant === 'enterprise_managed' ? auth.identityProvider : undefined;
  return [address, auth.issuer, auth.tokenEndpoint, provider?.issuer, provider?.tokenEndpoint];
}
