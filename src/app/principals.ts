import { type Access, rolesUpTo } from '../capabilities/access/index.ts';
import { principalOf, type Signin } from '../capabilities/signin/index.ts';
import { NotFound } from '../kernel/errors.ts';
import type { OrgId, Principal } from '../kernel/principal.ts';

/** Somebody of an organisation by the id that the audit has for them, as they are now; undefined where there is nobody. */
export type FindPrincipal = (org: OrgId, id: string) => Promise<Principal | undefined>;

/** Keys, members and service accounts. Whom a foreign issuer's token names is known only while it is presented. */
export function createPrincipals(keys: Pick<Access['keys'], 'get'>, signin: Signin | undefined): FindPrincipal {
  const key = async (org: OrgId, id: string): Promise<Principal | undefined> => {
    try {
      const { name, roles, scopes, userId } = await keys.get(org, id);
      const owner = userId === undefined ? undefined : await member(org, userId);
      if (userId !== undefined && !owner) return undefined;
      // A member's key is what its owner is, at most.
      const bounded = owner ? { roles: rolesUpTo(owner.roles[0] ?? '', roles), teams: owner.teams ?? [] } : {};
      return {
        id: `key:${id}`,
        kind: 'service',
        org,
        name,
        roles,
        scopes,
        credential: { kind: 'api_key', id },
        ...bounded,
      };
    } catch (error) {
      if (NotFound.is(error)) return undefined;
      throw error;
    }
  };
  const member = async (org: OrgId, id: string) => {
    const found = (await signin?.people.list(org))?.find(({ userId }) => userId === id);
    return found && principalOf(found);
  };
  const service = async (org: OrgId, id: string): Promise<Principal | undefined> => {
    const found = (await signin?.services.list(org))?.find(({ clientId }) => clientId === id);
    if (!found) return undefined;
    const { name, roles, scopes } = found;
    return { id: `service:${id}`, kind: 'service', org, name, roles, scopes, credential: { kind: 'jwt', id } };
  };
  return async (org, whole) => {
    const [kind, id = ''] = whole.split(/:(.*)/s);
    if (kind === 'key') return key(org, id);
    if (kind === 'user') return member(org, id);
    return kind === 'service' ? service(org, id) : undefined;
  };
}
