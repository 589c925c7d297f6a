import { roleNames, type SsoProviderSettings } from '../../../config/schema.ts';
import { SsoRefused } from '../errors.ts';
import { claimAt } from './provider.ts';

type Claims = Record<string, unknown>;

const maxGroups = 5_000;

/** What the groups of a person give. */
export interface Rights {
  role: string;
  /** In alphabetical order. */
  teams: string[];
}

/** Who somebody is, as far as their provider says. */
export interface Person {
  email: string | undefined;
  /** Whether the address is known to be theirs. */
  isVerified: boolean;
  /** False for an address of another domain, and for who has none where domains are named. */
  isOfDomain: boolean;
  name: string;
}

export function personOf(settings: SsoProviderSettings, claims: Claims): Person {
  const said = claimAt(claims, settings.claims.email);
  const email =
    typeof said === 'string' && /^[^\s@\p{Cc}]{1,100}@[^\s@\p{Cc}]{1,99}$/u.test(said) ? said.toLowerCase() : undefined;
  const { email_verified } = claims;
  // Some say it as a text.
  const isVerified =
    email_verified === true || email_verified === 'true' || (email_verified === undefined && settings.trustEmail);
  const domain = email?.slice(email.indexOf('@') + 1);
  const { emailDomains } = settings;
  const isOfDomain = !emailDomains || (isVerified && domain !== undefined && emailDomains.includes(domain));
  const name = claimAt(claims, settings.claims.name);
  const shown =
    typeof name === 'string'
      ? name
          .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
          .trim()
          .slice(0, 100)
      : '';
  return { email, isVerified, isOfDomain, name: shown || (email ?? String(claims.sub)) };
}

/**
 * Role and teams by groups: the highest role, all teams. Undefined for who is in no group that has a role, where there is
 * no default. Throws SsoRefused where the provider left the groups out because they are too many: that is not none.
 */
export function rightsOf(settings: SsoProviderSettings, claims: Claims): Rights | undefined {
  const groups = groupsOf(settings, claims);
  const mapped = groups.flatMap((group) => {
    const rights = Object.hasOwn(settings.groups, group) ? settings.groups[group] : undefined;
    return rights ? [rights] : [];
  });
  const role = roleNames.findLast((name) => mapped.some((rights) => rights.role === name)) ?? settings.default?.role;
  if (role === undefined) return undefined;
  const everybody = settings.default?.teams ?? [];
  return { role, teams: [...new Set([...everybody, ...mapped.flatMap(({ teams }) => teams)])].sort() };
}

function groupsOf({ claims: { groups: name } }: SsoProviderSettings, claims: Claims): string[] {
  const groups = claimAt(claims, name);
  const { _claim_names: elsewhere } = claims;
  // OpenID Connect Core, section 5.6.2; Entra ID does so for members of more than 200 groups.
  if (groups === undefined && typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, name))
    throw SsoRefused({ reason: 'you are in more groups than your provider can say in a token' });
  if (typeof groups === 'string') return [groups];
  return Array.isArray(groups) ? groups.filter((group) => typeof group === 'string').slice(0, maxGroups) : [];
}

export const sameRights = (a: Rights, b: Rights) =>
  a.role === b.role && [...a.teams].sort().join('\n') === [...b.teams].sort().join('\n');
