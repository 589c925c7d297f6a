import { roleNames } from '../../config/schema.ts';
import { defaultOrg, type OrgId, type Principal } from '../../kernel/principal.ts';
import { Forbidden, RightsExceeded } from './errors.ts';

/** What a credential may be used for. `*` is everything that its roles carry. */
export const scopeNames = [
  'tools:read',
  'tools:call',
  'audit:read',
  'upstreams:read',
  'upstreams:write',
  'endpoints:write',
  'tools:review',
  'knowledge:write',
  'keys:write',
  'users:write',
  'policies:read',
  'policies:write',
  'approvals:decide',
  'orgs:write',
  '*',
] as const;
const scopeRule = 'scope:';
export type Scope = (typeof scopeNames)[number];

/** From least to most: each role also is all roles before it. */
export type Role = (typeof roleNames)[number];

/**
 * Scopes that a role carries. A credential's scopes only ever narrow this, so that a key with `*` and the role
 * viewer administers nothing. Who may hand out what follows from it: only admins carry `keys:write`.
 */
const carried: Record<Role, readonly Scope[]> = {
  viewer: ['tools:read', 'tools:call'],
  developer: ['tools:read', 'tools:call'],
  operator: [
    'tools:read',
    'tools:call',
    'audit:read',
    'upstreams:read',
    'policies:read',
    'knowledge:write',
    'approvals:decide',
  ],
  admin: scopeNames,
};

export function isRole(name: unknown): name is Role {
  return roleNames.some((role) => role === name);
}

export function isScope(name: unknown): name is Scope {
  return scopeNames.some((scope) => scope === name);
}

/** Those of the wanted roles that lie above the highest of one's own. */
export function rolesBeyond(own: readonly string[], wanted: readonly Role[]): Role[] {
  const highest = Math.max(...own.map((role) => (isRole(role) ? roleNames.indexOf(role) : -1)));
  return wanted.filter((role) => roleNames.indexOf(role) > highest);
}

/**
 * Whether somebody with these roles in this organisation can hold a scope at all. Organisations are made and
 * purged from the default one only: an admin of any other must not reach beyond their own.
 */
export function rolesCarry(roles: readonly string[], org: OrgId, scope: Scope): boolean {
  if (scope === 'orgs:write' && org !== defaultOrg) return false;
  return roles.some((role) => isRole(role) && carried[role].includes(scope));
}

export function may(principal: Principal, scope: Scope): boolean {
  // It mends administration. Whoever needs a tool makes a key with it, which says so in the audit.
  if (scope === 'tools:call' && principal.credential.kind === 'break_glass') return false;
  const granted = principal.scopes.includes(scope) || principal.scopes.includes('*');
  return granted && rolesCarry(principal.roles, principal.org, scope);
}

/** What the credential and its roles carry together; `*` alone where that is everything. */
export function scopesTogether(principal: Principal): Scope[] {
  const held = scopeNames.filter((scope) => may(principal, scope));
  if (held.length === scopeNames.length) return ['*'];
  return held.filter((scope) => scope !== '*'); // an admin of another organisation holds less than everything
}

/** Throws `Forbidden`, which names the missing scope, unless both the credential and its roles carry it. */
export function requireScope(principal: Principal, scope: Scope): void {
  if (!may(principal, scope)) throw Forbidden({ scope }, { rule: `${scopeRule}${scope}` });
}

/**
 * Whoever makes somebody, or opens an account, gives all that its role carries: the role must not lie above the giver's own,
 * and the credential in use must hold each scope of it. Throws RightsExceeded.
 */
export function requireRightsOf(principal: Principal, org: OrgId, role: string): void {
  if (!isRole(role) || rolesBeyond(principal.roles, [role]).length > 0)
    throw RightsExceeded({ excess: `role ${role}` });
  if (principal.scopes.includes('*')) return;
  const excess = scopeNames.filter((scope) => rolesCarry([role], org, scope) && !principal.scopes.includes(scope));
  if (excess.length > 0) throw RightsExceeded({ excess: `role ${role} carries ${excess.join(', ')}` });
}

/** Whether the principal may administer in this organisation: its own, or any for who may write organisations. */
export function mayActIn(principal: Principal, org: OrgId): boolean {
  return principal.org === org || may(principal, 'orgs:write');
}

/** The scope that a `Forbidden` misses, for a challenge that asks for it; undefined for any other error. */
export function missingScope(error: unknown): string | undefined {
  return Forbidden.is(error) ? error.rule?.slice(scopeRule.length) : undefined;
}
