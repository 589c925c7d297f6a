import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roleNames } from '../../../config/schema.ts';
import { ssoProvider } from '../../../config/sso-schema.ts';
import { personOf, rightsOf } from './rights.ts';

const settingsOf = (more: Record<string, unknown> = {}) =>
  ssoProvider.parse({ issuer: 'https://login.example.com', clientId: 'fairlead', ...more });
const groups = {
  devs: { role: 'developer', teams: ['platform', 'web'] },
  ops: { role: 'operator', teams: ['on-call'] },
  docs: { teams: ['docs'] },
};

describe('rights by groups', () => {
  it.each([
    ['the highest role and all teams', ['ops', 'devs'], { role: 'operator', teams: ['on-call', 'platform', 'web'] }],
    ['one group that is said as a text', 'devs', { role: 'developer', teams: ['platform', 'web'] }],
    ['nothing for groups that nobody maps', ['others', 'constructor', '__proto__'], undefined],
    ['nothing for teams without a role', ['docs'], undefined],
    ['nothing without the claim', undefined, undefined],
    ['nothing for what is no list of texts', [{ name: 'devs' }, 5, null], undefined],
  ])('give %s', (_, said, rights) => {
    expect(rightsOf(settingsOf({ groups }), { sub: 'x', groups: said })).toEqual(rights);
  });

  it('give the default role where no group gives one, and its teams to all', () => {
    const settings = settingsOf({ groups, default: { role: 'viewer', teams: ['guests'] } });
    expect(rightsOf(settings, { sub: 'x' })).toEqual({ role: 'viewer', teams: ['guests'] });
    expect(rightsOf(settings, { sub: 'x', groups: ['docs'] })).toEqual({ role: 'viewer', teams: ['docs', 'guests'] });
    expect(rightsOf(settings, { sub: 'x', groups: ['ops'] })).toEqual({
      role: 'operator',
      teams: ['guests', 'on-call'],
    });
  });

  it('are read from a claim with dots in its name, and by a path', () => {
    const named = settingsOf({ groups, claims: { groups: 'https://fairlead.example.com/groups' } });
    expect(rightsOf(named, { 'https://fairlead.example.com/groups': ['ops'] })?.role).toBe('operator');
    const path = settingsOf({ groups, claims: { groups: 'realm_access.roles' } });
    expect(rightsOf(path, { realm_access: { roles: ['devs'] } })?.role).toBe('developer');
  });

  it('are unknown, and not none, where the provider leaves them out for being too many', () => {
    const claims = { sub: 'x', _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://…' } } };
    expect(() => rightsOf(settingsOf({ groups }), claims)).toThrow('more groups than your provider can say');
  });

  it('never exceed what one of the groups, or the default, gives', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const rights = fc.record({
      role: fc.option(fc.constantFrom(...roleNames), { nil: undefined }),
      teams: fc.array(fc.constantFrom('one', 'two', 'three'), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.dictionary(name, rights), fc.array(name), (map, said) => {
        const found = rightsOf(settingsOf({ groups: map }), { groups: said });
        const mine = said.flatMap((group) => (Object.hasOwn(map, group) ? [map[group]] : []));
        const roles = mine.flatMap((one) => (one?.role ? [one.role] : []));
        expect(found === undefined).toBe(roles.length === 0);
        if (!found) return;
        expect(roles).toContain(found.role);
        for (const role of roles)
          expect(roleNames.indexOf(role)).toBeLessThanOrEqual(roleNames.indexOf(found.role as never));
        for (const team of found.teams) expect(mine.some((one) => one?.teams.some((each) => each === team))).toBe(true);
      }),
    );
  });
});

describe('a person', () => {
  const claims = { sub: 'x', email: 'Ada@Example.com', name: 'Ada\u202e\n L' };
  it('has an address in lower case, and a name that shows as it is', () => {
    expect(personOf(settingsOf(), { ...claims, email_verified: true })).toEqual({
      email: 'ada@example.com',
      isVerified: true,
      isOfDomain: true,
      name: 'Ada L',
    });
  });
  it.each([
    ['says so', {}, true, true],
    ['says so as a text', {}, 'true', true],
    ['says nothing', {}, undefined, false],
    ['says nothing and is trusted', { trustEmail: true }, undefined, true],
    ['says that it is not and is trusted', { trustEmail: true }, false, false],
    ['says something else', {}, 1, false],
  ])('has a verified address where the provider %s: %j', (_, more, email_verified, isVerified) => {
    expect(personOf(settingsOf(more), { ...claims, email_verified }).isVerified).toBe(isVerified);
  });
  it.each([
    ['ada@example.com', true, true],
    ['ada@example.com', false, false],
    ['ada@sub.example.com', true, false],
    ['ada@example.com.evil.test', true, false],
    ['ada@evil.test@example.com', true, false],
    [undefined, true, false],
  ])('with the address %s, verified %s, is of the domain: %s', (email, email_verified, is) => {
    expect(
      personOf(settingsOf({ emailDomains: ['Example.com'] }), { sub: 'x', email, email_verified }).isOfDomain,
    ).toBe(is);
  });
});
