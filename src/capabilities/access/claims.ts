import { createHash } from 'node:crypto';
import type { IssuerSettings } from '../../config/schema.ts';
import { isObject } from '../../kernel/json.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { BuiltInIssuer } from './builtin.ts';
import { InvalidCredential } from './errors.ts';
import { isRole, isScope, type Role, type Scope } from './scopes.ts';

type Claims = Record<string, unknown>;

const maxSubjectLength = 255; // as OpenID Connect Core, section 2, limits it
const maxNameLength = 100;

/**
 * The principal that a checked token stands for. What the claims say beyond what is understood here gives nothing:
 * unknown roles and scopes are dropped, and a token without a role can do nothing.
 *
 * A token without the scope claim is bounded by its roles alone; one that has it, by the scopes that it names.
 *
 * @throws InvalidCredential
 */
export function principalOfClaims(
  settings: IssuerSettings,
  claims: Claims,
  hasOrg: (org: OrgId) => boolean,
): Principal {
  const { sub } = claims;
  if (typeof sub !== 'string' || sub === '' || sub.length > maxSubjectLength || /\p{Cc}/u.test(sub))
    throw InvalidCredential({ reason: 'its "sub" claim names nobody' });
  const expiresAt = (Number(claims.exp) + settings.clockSkewSeconds) * 1000;
  if (!Number.isSafeInteger(Math.floor(expiresAt))) throw InvalidCredential({ reason: 'its "exp" claim is no time' });
  const org = orgOf(settings, claims);
  if (org === undefined || !hasOrg(org)) throw InvalidCredential({ reason: 'its organisation does not exist here' });
  const issuer = createHash('sha256').update(settings.issuer).digest('hex').slice(0, 12);
  const name = claimAt(claims, settings.claims.name);
  return Object.freeze<Principal>({
    id: `jwt:${issuer}:${sub}`,
    // RFC 9068, section 2.2: without a person behind it, a token's subject is the client itself.
    kind: sub === claims.client_id ? 'service' : 'user',
    org,
    name: displayName(name) || sub,
    roles: Object.freeze(rolesOf(settings, claims)),
    ...(settings.claims.teams === undefined ? {} : { teams: Object.freeze(teamsOf(settings, claims)) }),
    scopes: Object.freeze(scopesOf(settings, claims)),
    credential: Object.freeze({ kind: 'jwt' as const, id: settings.issuer }),
    expiresAt,
  });
}

/**
 * The principal of a checked token of our own: who it is and what it may is what is known now, not what the token says.
 *
 * @throws InvalidCredential, and what `holderOf` throws
 */
export function holderPrincipal(
  issuer: string,
  claims: Claims,
  holderOf: BuiltInIssuer['holderOf'],
  hasOrg: (org: OrgId) => boolean,
): Principal {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const holder = holderOf({
    sub: String(claims.sub),
    clientId: text(claims.client_id),
    org: text(claims.org),
    issuedAtMs: Number(claims.iat) * 1000,
    generation: text(claims.fairlead_gen),
  });
  if (!holder || !hasOrg(holder.org))
    throw InvalidCredential({ reason: 'whom it stands for is not a member any more' });
  return Object.freeze<Principal>({
    ...holder,
    scopes: Object.freeze([...new Set(words(claims.scope ?? '', true).filter(isScope))]),
    credential: Object.freeze({ kind: 'jwt' as const, id: issuer }),
    expiresAt: Number(claims.exp) * 1000,
  });
}

function displayName(name: unknown): string {
  return typeof name === 'string'
    ? name
        .replace(/\p{Cc}/gu, '')
        .trim()
        .slice(0, maxNameLength)
    : '';
}

function orgOf(settings: IssuerSettings, claims: Claims): string | undefined {
  const named = settings.claims.org === undefined ? undefined : claimAt(claims, settings.claims.org);
  if (named === undefined || named === null) return settings.org;
  return typeof named === 'string' ? named : undefined;
}

function rolesOf(settings: IssuerSettings, claims: Claims): Role[] {
  const { roleMap } = settings;
  const values = words(claimAt(claims, settings.claims.roles), false);
  const mapped = roleMap ? values.map((value) => roleMap[value]) : values;
  return [...new Set(mapped.filter(isRole))];
}

function teamsOf({ claims: { teams: name = '' }, teamMap }: IssuerSettings, claims: Claims): string[] {
  const values = words(claimAt(claims, name), false);
  const mapped = teamMap
    ? values.flatMap((value) => (Object.hasOwn(teamMap, value) ? (teamMap[value] ?? []) : []))
    : values;
  return [...new Set(mapped.filter((team) => /^[a-z][a-z0-9-]{0,38}$/.test(team)))];
}

function scopesOf(settings: IssuerSettings, claims: Claims): Scope[] {
  const claim = claimAt(claims, settings.claims.scope);
  return claim === undefined || claim === null ? ['*'] : [...new Set(words(claim, true).filter(isScope))];
}

/** The words of a claim that is a list or a text, which is one word or, with `split`, several (RFC 8693, section 4.2). */
function words(claim: unknown, split: boolean): string[] {
  if (typeof claim === 'string') return split ? claim.split(' ') : [claim];
  return Array.isArray(claim) ? claim.filter((word) => typeof word === 'string') : [];
}

/** A claim by its name, which may hold dots itself, or else by a path such as `realm_access.roles`. */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let at: unknown = claims;
  for (const part of name.split('.')) {
    if (!isObject(at) || !Object.hasOwn(at, part)) return undefined;
    at = at[part];
  }
  return at;
}
