import type { SsoProviderSettings } from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Roster } from '../members/roster.ts';
import type { Member } from '../members/store.ts';
import type { Visitor } from '../port.ts';

/** Who may come in by what, and for how long; all from memory. Each throws SigninUnavailable where memory is too old. */
export interface Standing {
  /** Whether a password counts for nothing in the organisation. */
  requiredIn(org: OrgId): boolean;
  /** What the session opens: one of a provider its organisation alone, one of a password those that need no provider. */
  reach(session: Pick<Visitor, 'userId' | 'provider'>): readonly Member[];
  /** Of what it opens, that which was chosen last, or the first one. */
  placeOf(session: Pick<Visitor, 'userId' | 'org' | 'provider'>): Member | undefined;
  /** Whether the session is still one: of who is somebody's member, there must be something that it opens. */
  counts(visitor: Visitor): boolean;
  /** Whether somebody's password opens anything. True for who is a member of nothing: that is told them once they are in. */
  passwordCounts(userId: string): boolean;
  /**
   * Whom a token stands for, in `org` or, where it names none, in the first organisation that needs no provider. Undefined
   * for who was not vouched for lately by the provider that they have to come by.
   */
  holder(userId: string, org: OrgId | undefined): Member | undefined;
  /** Whose own API key counts: it runs without the person, and so for longer than what they are signed in with. */
  keyOwner(userId: string, org: OrgId): Member | undefined;
}

export interface StandingDeps {
  roster: Pick<Roster, 'member' | 'memberships' | 'identities'>;
  clock: Clock;
  /** By their names. */
  providers(): Readonly<Record<string, SsoProviderSettings>>;
}

export function createStanding({ roster, clock, providers }: StandingDeps): Standing {
  const hourMs = 3_600_000;
  const providerOf = (name: string, org: OrgId) => {
    const found = Object.hasOwn(providers(), name) ? providers()[name] : undefined;
    return found?.org === org ? found : undefined;
  };
  type Bound = (settings: SsoProviderSettings) => number;
  const session: Bound = ({ sessionHours }) => sessionHours * hourMs;
  const key: Bound = ({ keyDays }) => keyDays * 24 * hourMs;
  const requiredIn = (org: OrgId) => Object.values(providers()).some((one) => one.required && one.org === org);
  /** Whether somebody else than we says who the member is. */
  const isGoverned = ({ org, userId, follows }: Member) =>
    follows !== undefined || requiredIn(org) || roster.identities(org, userId).some((one) => !one.hasPassword);

  const isVouched = ({ org, userId, follows }: Member, bound = session) =>
    roster.identities(org, userId).some((identity) => {
      const settings = providerOf(identity.provider, org);
      if (!settings || identity.issuer !== settings.issuer) return false;
      return (
        (follows === undefined || follows === identity.provider) && clock.now() < identity.signedInAt + bound(settings)
      );
    });

  function reach({ userId, provider }: Pick<Visitor, 'userId' | 'provider'>): readonly Member[] {
    const memberships = roster.memberships(userId);
    if (provider === undefined) return memberships.filter((member) => !isGoverned(member));
    return memberships.filter((member) => providerOf(provider, member.org) !== undefined && isVouched(member));
  }

  return {
    requiredIn,
    reach,
    placeOf(session) {
      const open = reach(session);
      return open.find(({ org }) => org === session.org) ?? open[0];
    },
    counts(visitor) {
      const open = reach(visitor);
      if (visitor.provider === undefined) return open.length > 0 || roster.memberships(visitor.userId).length === 0;
      const settings = open[0] && providerOf(visitor.provider, open[0].org);
      return settings !== undefined && clock.now() < visitor.signedInAt + session(settings);
    },
    passwordCounts(userId) {
      const memberships = roster.memberships(userId);
      return memberships.length === 0 || memberships.some((member) => !isGoverned(member));
    },
    holder(userId, org) {
      if (org === undefined) return roster.memberships(userId).find((member) => !isGoverned(member));
      const member = roster.member(userId, org);
      return member && (!isGoverned(member) || isVouched(member)) ? member : undefined;
    },
    keyOwner(userId, org) {
      const member = roster.member(userId, org);
      return member && (!isGoverned(member) || isVouched(member, key)) ? member : undefined;
    },
  };
}
