import { roleNames } from '../../config/schema.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import { InvalidCredential } from './errors.ts';
import { isRole } from './scopes.ts';

/** A member, as far as keys of theirs are concerned. */
export interface Owner {
  email: string;
  role: string;
  teams: readonly string[];
}

/** Who is a member now, from memory; of whoever signs people in here. */
export interface Owners {
  /** Awaited before `member`. */
  wake(): Promise<void>;
  /** Undefined for who is not, or not any more. Throws what is to be tried again. */
  member(userId: string, org: OrgId): Owner | undefined;
}

/** What a member's key is now: no more than its owner, in the owner's teams. Throws InvalidCredential. */
export async function ownedPrincipal(
  principal: Principal,
  userId: string,
  owners: Owners | undefined,
): Promise<Principal> {
  if (!owners) throw InvalidCredential({ reason: 'nobody here knows the members any more, whose key it is' });
  await owners.wake();
  const owner = owners.member(userId, principal.org);
  if (!owner) throw InvalidCredential({ reason: 'the person whose key it is is not a member any more' });
  return Object.freeze<Principal>({
    ...principal,
    actsFor: `user:${userId}`,
    roles: Object.freeze(rolesUpTo(owner.role, principal.roles)),
    teams: owner.teams,
  });
}

/** Roles above the limit become the limit; what is no role gives nothing. */
export function rolesUpTo(limit: string, roles: readonly string[]): string[] {
  if (!isRole(limit)) return [];
  const highest = roleNames.indexOf(limit);
  return [...new Set(roles.filter(isRole).map((role) => (roleNames.indexOf(role) > highest ? limit : role)))];
}
