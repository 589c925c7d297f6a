import { rolesCarry, type Scope, scopeNames } from '../../capabilities/access/index.ts';
import { stayScope } from '../../capabilities/signin/index.ts';

/** What a program may do with a scope, as somebody is asked who never heard of scopes. */
const inWords: Record<Scope, string> = {
  'tools:read': 'See which tools, resources and prompts you may use',
  'tools:call': 'Use them in your name, within the rules of your organisation',
  'audit:read': 'Read the record of what everybody in your organisation did',
  'upstreams:read': 'See which servers are connected, and how they are',
  'upstreams:write': 'Connect, change and remove servers',
  'endpoints:write': 'Change which tools are offered at which address',
  'tools:review': 'Accept or reject changed tools',
  'knowledge:write': "Add, change and remove your organisation's documents",
  'keys:write': 'Make and revoke keys',
  'users:write': 'Invite people, change what they may do, and remove them',
  'policies:read': 'Read the rules of your organisation',
  'approvals:decide': 'Decide on calls that wait for approval',
  'policies:write': 'Change the rules of your organisation',
  'orgs:write': 'Create and remove whole organisations',
  '*': 'Everything that you may do yourself',
};

/** Asked for where a program says nothing. */
export const plainScopes: readonly Scope[] = ['tools:read', 'tools:call'];

const known = new Set<string>([...scopeNames, stayScope]);

/** Those of a request that there are; the plain ones where none is left, and staying signed in with them. */
export function scopesOf(requested: string | null): string[] {
  const asked = (requested ?? '').split(' ').filter((scope) => known.has(scope) && scope !== stayScope);
  return [...new Set(asked.length > 0 ? asked : plainScopes), stayScope];
}

/** Of what is asked for, what this role can give. */
export function withinRole(scopes: readonly string[], role: string, org: string): string[] {
  return scopes.filter((scope) => scope === stayScope || rolesCarry([role], org, scope as Scope));
}

/** In the order of how much they matter, without those that another one says already. */
export function sentences(scopes: readonly string[]): string[] {
  const asked = scopes.includes('*') ? (['*'] as const) : scopeNames.filter((scope) => scopes.includes(scope));
  const stay = scopes.includes(stayScope) ? ['Stay signed in for up to 30 days without asking you again'] : [];
  return [...asked.map((scope) => inWords[scope]), ...stay];
}
