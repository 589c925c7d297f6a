import { defaultOrg, type OrgId, type Principal } from '../../kernel/principal.ts';
import type { Role } from './scopes.ts';

/** A caller without a credential. Whatever the role, it uses tools and administers nothing. */
export function anonymousPrincipal(org: OrgId, role: Role): Principal {
  return Object.freeze<Principal>({
    id: 'anonymous',
    kind: 'anonymous',
    org,
    name: 'anonymous',
    roles: [role],
    scopes: ['tools:read', 'tools:call'],
    credential: { kind: 'anonymous', id: 'anonymous' },
  });
}

/** Fairlead itself, or whoever holds its database and secret, such as the offline commands. Never from a request. */
export function systemPrincipal(org: OrgId = defaultOrg): Principal {
  return Object.freeze<Principal>({
    id: 'system',
    kind: 'system',
    org,
    name: 'system',
    roles: ['admin'],
    scopes: ['*'],
    credential: { kind: 'internal', id: 'system' },
  });
}
