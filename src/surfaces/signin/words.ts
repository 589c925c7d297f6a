import { html } from 'hono/html';
import { rolesCarry, type Scope, scopeNames } from '../../capabilities/access/index.ts';
import { type Member, stayScope } from '../../capabilities/signin/index.ts';

/** What a program may do with a scope, as somebody is asked who never heard of scopes. */
const inWords: Record<Scope, string> = {
  'tools:read': 'See which tools, resources and prompts you may use',
  'tools:call': 'Use tools, resources and prompts in your name, within the rules of your organisation',
  'audit:read': 'Read the record of what everybody in your organisation did',
  'upstreams:read': 'See which servers are connected, and how they are',
  'upstreams:write': 'Connect, change and remove servers',
  'endpoints:write': 'Change which tools are offered at which address',
  'tools:review': 'Accept or reject changed tools',
  'knowledge:write': "Add, change and remove your organisation's documents",
  'keys:write': 'Make, change and revoke API keys of your organisation',
  'users:write': 'Invite people, change what they may do, and remove them',
  'policies:read': 'Read the rules of your organisation',
  'approvals:decide': 'Decide on calls that wait for approval',
  'policies:write': 'Change the rules of your organisation',
  'orgs:write': 'Create and remove whole organisations',
  '*': 'Everything else that you may do yourself, now or later',
};

/** Asked for where a program says nothing. */
export const plainScopes: readonly Scope[] = ['tools:read', 'tools:call'];

const known = new Set<string>([...scopeNames, stayScope]);

/**
 * Those of a request that there are; the plain ones where none is left, and staying signed in with them. Whoever asks for
 * everything asks for each by its name, too: who may not give everything can then give what they have.
 */
export function scopesOf(requested: string | null): string[] {
  const asked = (requested ?? '').split(' ').filter((scope) => known.has(scope) && scope !== stayScope);
  if (asked.includes('*')) return [...scopeNames, stayScope];
  return [...new Set(asked.length > 0 ? asked : plainScopes), stayScope];
}

/** Of what is asked for, what a member can give. */
export function withinRole(scopes: readonly string[], { role, org }: Pick<Member, 'role' | 'org'>): string[] {
  return scopes.filter((scope) => scope === stayScope || rolesCarry([role], org, scope as Scope));
}

/** What of it a member would allow, in words: for each organisation where the choice is open, for roles differ. */
export function allowedIn(scopes: readonly string[], memberships: readonly Member[]) {
  return memberships.map(
    (member) => html`
      <p>${memberships.length > 1 ? `If you allow it in ${member.org}, as ${member.role}, it may:` : 'If you allow it, it may:'}</p>
      <ul>
        ${sentences(withinRole(scopes, member), member).map((sentence) => html`<li>${sentence}</li>`)}
      </ul>
    `,
  );
}

/** In the order of how much they matter; everything is told one by one, for nobody knows what it is. */
export function sentences(scopes: readonly string[], { role, org }: Pick<Member, 'role' | 'org'>): string[] {
  const asked = scopeNames.filter((scope) =>
    scopes.includes('*') ? rolesCarry([role], org, scope) : scopes.includes(scope),
  );
  const stay = scopes.includes(stayScope) ? ['Stay signed in for up to 30 days without asking you again'] : [];
  return [...asked.map((scope) => inWords[scope]), ...stay];
}
