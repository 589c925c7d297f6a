import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { IssuerSettings } from '../../config/schema.ts';
import type { Clock } from '../../kernel/clock.ts';
import { FairleadError } from '../../kernel/errors.ts';
import { isObject, parseJson } from '../../kernel/json.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { BuiltInIssuer } from './builtin.ts';
import { holderPrincipal, principalOfClaims } from './claims.ts';
import { ExpiredCredential, InvalidCredential } from './errors.ts';
import { createIssuerKeys, type Fetch } from './issuer-keys.ts';
import { checkIssuers } from './issuers.ts';

export interface TokenDeps {
  issuers: readonly IssuerSettings[];
  /** What a token's `aud` must name where the issuer's settings say nothing else. */
  resource: string;
  development: boolean;
  fetch: Fetch;
  clock: Clock;
  log: Log;
  hasOrg(org: OrgId): boolean;
  /** Told of each token of a configured issuer that counts. */
  fromOutside?(principal: Principal, token: string): void;
  /** Of this server itself. */
  builtIn?: BuiltInIssuer;
}

export interface Tokens {
  /** Throws InvalidCredential, ExpiredCredential, IssuerUnavailable or AccessUnavailable. */
  verify(token: string): Promise<Principal>;
}

interface Issuer {
  name: string;
  principalOf(claims: JWTPayload, hasOrg: TokenDeps['hasOrg']): Principal | Promise<Principal>;
  options: JWTVerifyOptions;
  key: JWTVerifyGetKey;
}

const compactJws = /^[\w-]+\.[\w-]+\.[\w-]*$/;
const maxClaimsDepth = 32;

/** Whether a credential has the shape of a token; says nothing about whether it is any good. */
export function looksLikeToken(text: string): boolean {
  return compactJws.test(text);
}

/** Checks access tokens of the configured issuers. Throws IssuerRefused for issuers that cannot be used safely. */
export function createTokens(deps: TokenDeps): Tokens {
  const { clock, log } = deps;
  checkIssuers(deps.issuers, deps.development);
  const issuers = new Map(deps.issuers.map((settings) => [settings.issuer, openIssuer(settings, deps)]));
  const { builtIn } = deps;
  // Last: no setting stands in its place.
  if (builtIn) issuers.set(builtIn.issuer, openBuiltIn(builtIn, deps.resource));

  return {
    async verify(token) {
      // The issuer is read before anything is proved, and only to pick the one configured issuer whose keys,
      // algorithms and audience then decide.
      const issuer = issuers.get(claimedIssuer(token) ?? '');
      if (!issuer) throw InvalidCredential({ reason: 'its issuer is not known here' });
      try {
        const claims = await checked(token, issuer, new Date(clock.now()));
        const principal = await issuer.principalOf(claims, deps.hasOrg);
        if (issuer.name !== builtIn?.issuer) deps.fromOutside?.(principal, token);
        return principal;
      } catch (error) {
        if (error instanceof FairleadError) throw error;
        if (error instanceof errors.JWTExpired) throw ExpiredCredential();
        // Causes hold the claims of the token: they go neither into the error nor into the log.
        const reason = reasonOf(error);
        if (!(error instanceof errors.JOSEError))
          log.warn({ issuer: issuer.name, kind: errorName(error) }, 'a token could not be checked');
        throw InvalidCredential({ reason });
      }
    },
  };
}

function openIssuer(settings: IssuerSettings, { resource, fetch, clock, log }: TokenDeps): Issuer {
  const { issuer, jwksUri, sharedSecret } = settings;
  const secret = sharedSecret === undefined ? undefined : new TextEncoder().encode(sharedSecret);
  return {
    name: issuer,
    principalOf: (claims, hasOrg) => principalOfClaims(settings, claims, hasOrg),
    options: {
      issuer,
      audience: settings.audience ?? resource,
      algorithms: secret ? ['HS256'] : settings.algorithms,
      clockTolerance: settings.clockSkewSeconds,
      requiredClaims: ['exp', 'sub'],
    },
    key: secret ? async () => secret : createIssuerKeys({ issuer, jwksUri, fetch, clock, log }),
  };
}

function openBuiltIn({ issuer, key, wake, holderOf }: BuiltInIssuer, resource: string): Issuer {
  return {
    name: issuer,
    key,
    // `typ` tells an access token from whatever else is signed with the same keys (RFC 9068, section 4).
    options: {
      issuer,
      audience: resource,
      algorithms: ['ES256'],
      typ: 'at+jwt',
      requiredClaims: ['exp', 'iat', 'sub'],
    },
    async principalOf(claims, hasOrg) {
      await wake();
      return holderPrincipal(issuer, claims, holderOf, hasOrg);
    },
  };
}

async function checked(token: string, { key, options }: Issuer, now: Date): Promise<JWTPayload> {
  const dated = { ...options, currentDate: now };
  try {
    return (await jwtVerify(token, key, dated)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // The token names no key and the issuer has several of its kind: any of them may have signed it.
    for await (const candidate of error) {
      try {
        return (await jwtVerify(token, candidate, dated)).payload;
      } catch (inner) {
        if (!(inner instanceof errors.JWSSignatureVerificationFailed)) throw inner;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function claimedIssuer(token: string): string | undefined {
  try {
    const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(), {
      maxDepth: maxClaimsDepth,
    });
    return isObject(claims) && typeof claims.iss === 'string' ? claims.iss : undefined;
  } catch {
    throw InvalidCredential({ reason: 'it is neither a known key nor a readable token' });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.reason === 'missing'
      ? `its "${error.claim}" claim is missing`
      : `its "${error.claim}" claim is not right`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not accepted from this issuer';
  if (error instanceof errors.JWKSNoMatchingKey) return 'its issuer has no such key';
  return 'its signature does not hold';
}

const errorName = (error: unknown) => (error instanceof Error ? error.name : typeof error);
