import type { SsoProviderSettings } from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { FairleadError } from '../../../kernel/errors.ts';
import { newId } from '../../../kernel/ids.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { InvitationVoid, SsoRefused } from '../errors.ts';
import { type Invitation, namesUnknownOrg, useInvitation } from '../invitations/store.ts';
import { revokeMember } from '../members/ending/store.ts';
import { dropPassword } from '../members/passwords/store.ts';
import type { Revocation } from '../members/revocation.ts';
import type { Roster } from '../members/roster.ts';
import {
  bumpRevision,
  changeMember,
  findUserByEmail,
  insertMember,
  insertUser,
  listMembers,
  lockMemberships,
  type Member,
} from '../members/store.ts';
import type { Vouched } from './provider.ts';
import { type Person, personOf, type Rights, rightsOf, sameRights } from './rights.ts';
import { findIdentity, keepIdentity, renameUser, suspendMember } from './store.ts';

/** What a sign-in by a provider came to. */
export interface Joined {
  member: Member;
  /** How it came about: known by the provider's name for them, new here, led to an account, or by an invitation. */
  by: 'identity' | 'join' | 'email' | 'invitation';
  /** What they had before, where the provider's groups say something else now. */
  before?: Rights;
  /** The account was there, and nobody proved it theirs: what had been opened by its password has ended. */
  cleared?: boolean;
}

export interface NotJoined {
  refused: FairleadError;
  /** Whom it is about, where that is known. */
  member?: Member;
  /** Whether the person had rights until now. */
  lost: boolean;
}

export interface Arriving {
  name: string;
  settings: SsoProviderSettings;
  vouched: Vouched;
  /** Whose password opened the browser that they came with. */
  proven: string | undefined;
  /** Of the link that the person came with. */
  invitation: Invitation | undefined;
}

export interface JoiningDeps {
  db: Db;
  clock: Clock;
  roster: Pick<Roster, 'tell' | 'refresh' | 'memberships'>;
  isProvider(name: string, org: OrgId): boolean;
  revocation: Pick<Revocation, 'within' | 'afterwards'>;
}

/**
 * Makes of whom a provider vouches for a member, or the same member as before with the rights of today's groups. Who was
 * made a member by hand keeps what they were given.
 */
export function createJoining({ db, clock, roster, isProvider, revocation }: JoiningDeps) {
  return async function join(arriving: Arriving): Promise<Joined | NotJoined> {
    const outcome = await inTransaction(arriving);
    roster.tell();
    await roster.refresh();
    if (!('refused' in outcome) && outcome.cleared)
      await revocation.afterwards(outcome.member.org, outcome.member.userId);
    return outcome;
  };

  async function inTransaction(arriving: Arriving): Promise<Joined | NotJoined> {
    const settled = db.transaction().execute(async (tx) => {
      try {
        return await settle(tx as unknown as Db, arriving);
      } catch (error) {
        // What was written before a refusal stays: who is refused loses what they had.
        if (SsoRefused.is(error)) return { refused: error as FairleadError, lost: false };
        throw error;
      }
    });
    return settled.catch((error: unknown) => {
      if (!namesUnknownOrg(error)) throw error;
      return { refused: SsoRefused({ reason: 'the organisation of your provider does not exist here' }), lost: false };
    });
  }

  async function settle(tx: Db, arriving: Arriving): Promise<Joined | NotJoined> {
    const { name, settings, vouched, invitation } = arriving;
    const { org, issuer } = settings;
    const known = await findIdentity(tx, org, { issuer, subject: vouched.subject });
    const members = await listMembers(tx, org);
    const member = known && members.find(({ userId }) => userId === known.userId);
    const lose = (error: FairleadError) => suspend(tx, name, member, error);
    const person = personOf(settings, vouched.claims);
    if (!person.isOfDomain)
      return lose(SsoRefused({ reason: 'your e-mail address is of no domain that is let in, or is not verified' }));
    // Groups that are too many to be told are unknown, not gone: that is refused, and takes nothing away.
    const rights = rightsOf(settings, vouched.claims);
    if (invitation && !known) return invited(tx, arriving, person, invitation);
    if (known && member) {
      if (member.follows === undefined) return keep(tx, arriving, person, { member, by: 'identity' });
      if (member.follows !== name && isProvider(member.follows, org)) throw followsAnother();
      if (!rights) return lose(noGroup());
      const change = { ...rights, follows: name };
      const returns = await suspendMember(tx, org, member.userId, null);
      const differs = !sameRights(rights, member);
      if (differs || member.follows !== name) await changeMember(tx, org, member.userId, change);
      const { suspendedAt: _, ...present } = member;
      const now = { ...present, ...rights, follows: name };
      const before = { role: member.role, teams: member.teams };
      return keep(tx, arriving, person, {
        member: now,
        by: 'identity',
        ...(differs || returns ? { before: returns ? { role: 'none', teams: [] } : before } : {}),
      });
    }
    if (!rights && !members.some((one) => one.email === person.email)) throw noGroup();
    const found = known ? { userId: known.userId, by: 'join' as const } : await account(tx, arriving, person);
    // Another sign-in of the same person was first, a moment ago.
    if (found === undefined) return settle(tx, arriving);
    const { userId, by } = found;
    const there = members.find((one) => one.userId === userId);
    if (there && there.follows === undefined) {
      const cleared = by === 'email' && (await clear(tx, userId, await unproven(tx, arriving, userId)));
      return keep(tx, arriving, person, { member: there, by, cleared });
    }
    if (there?.follows !== undefined && there.follows !== name && isProvider(there.follows, org))
      throw followsAnother();
    if (!rights) throw noGroup();
    const cleared = by === 'email' && (await clear(tx, userId, await unproven(tx, arriving, userId)));
    return keep(tx, arriving, person, { member: await add(tx, arriving, userId, rights, name), by, cleared });
  }

  /** The account that there is by the address, where that may be, or a new one. */
  async function account(tx: Db, { settings, vouched }: Arriving, { email, isVerified, name }: Person) {
    if (email === undefined || !isVerified)
      throw SsoRefused({ reason: 'your provider does not say that your e-mail address is verified' });
    const now = clock.now();
    const id = newId('usr', now);
    if (await insertUser(tx, { id, email, name, atMs: now })) return { userId: id, by: 'join' as const };
    const { org, issuer } = settings;
    if (await findIdentity(tx, org, { issuer, subject: vouched.subject })) return undefined;
    const user = await findUserByEmail(tx, email);
    if (!user || !settings.linkByEmail)
      throw SsoRefused({
        reason: 'there is an account with your e-mail address already, which is not tied to your provider',
      });
    return { userId: user.id, by: 'email' as const };
  }

  /**
   * The account that has the address already was made by whoever chose its password, and nobody ever proved the address.
   * One of this organisation alone is its provider's to give: whatever the password opened ends, and the password with it.
   * One that is also another organisation's is only tied for who came in by its password. Resolves to what has to end.
   */
  async function unproven(tx: Db, { settings: { org }, proven }: Arriving, userId: string) {
    if (proven === userId) return undefined;
    const memberships = await lockMemberships(tx, userId);
    if (memberships.some((one) => one.org !== org)) throw notProven();
    return memberships;
  }

  async function clear(tx: Db, userId: string, memberships: readonly Member[] | undefined): Promise<boolean> {
    if (!memberships) return false;
    for (const member of memberships) await revocation.within(tx, member);
    await dropPassword(tx, userId);
    return true;
  }

  /** The link says which address is meant, and the provider that it is theirs. */
  async function invited(tx: Db, arriving: Arriving, person: Person, invitation: Invitation): Promise<Joined> {
    const { org, id, email, role, teams, createdBy } = invitation;
    if (!person.isVerified || person.email !== email || org !== arriving.settings.org)
      throw SsoRefused({
        reason: 'the invitation is for another e-mail address than your provider says, or yours is not verified',
      });
    const now = clock.now();
    const made = newId('usr', now);
    const isNew = await insertUser(tx, { id: made, email, name: person.name, atMs: now });
    const userId = isNew ? made : ((await findUserByEmail(tx, email))?.id ?? made);
    // First: a refusal keeps what was written before it, and must not use the invitation up.
    const held = isNew ? undefined : await unproven(tx, arriving, userId);
    if (!(await useInvitation(tx, org, id, now))) throw InvitationVoid();
    const cleared = await clear(tx, userId, held);
    const member = await add(tx, arriving, userId, { role, teams }, undefined, createdBy);
    return keep(tx, arriving, person, { member, by: 'invitation', cleared });
  }

  async function add(
    tx: Db,
    { settings: { org }, name }: Arriving,
    userId: string,
    rights: Rights,
    follows?: string,
    createdBy = `sso:${name}`,
  ): Promise<Member> {
    await insertMember(tx, org, {
      userId,
      ...rights,
      createdBy,
      createdAt: clock.now(),
      ...(follows === undefined ? {} : { follows }),
    });
    const member = (await listMembers(tx, org)).find((one) => one.userId === userId);
    if (!member) throw new Error('a member that was just added is not there');
    return member;
  }

  async function keep(tx: Db, { name, settings, vouched }: Arriving, person: Person, joined: Joined): Promise<Joined> {
    const { org, issuer } = settings;
    const { userId } = joined.member;
    const now = clock.now();
    const { subject } = vouched;
    const email = person.email ?? joined.member.email;
    await keepIdentity(tx, org, { issuer, subject, provider: name, userId, email, createdAt: now, signedInAt: now });
    // A name is that of the person everywhere, so one organisation's provider must not say it for the others.
    const onlyHere = roster.memberships(userId).every((one) => one.org === org);
    if (joined.member.follows === name && onlyHere) await renameUser(tx, userId, person.name);
    await bumpRevision(tx);
    return joined;
  }

  /** Whom a provider gave rights that it gives no more: they lose them now, on every way. */
  async function suspend(tx: Db, name: string, member: Member | undefined, refused: FairleadError): Promise<NotJoined> {
    if (!member || member.follows !== name) return { refused, lost: false };
    const { org, userId } = member;
    const now = clock.now();
    const lost = await suspendMember(tx, org, userId, now);
    if (lost) await revokeMember(tx, org, userId, now);
    return { refused, member, lost };
  }
}

const followsAnother = () => SsoRefused({ reason: 'your rights here follow another provider' });
const notProven = () =>
  SsoRefused({
    reason:
      'your e-mail address is that of an account of another organisation here. If it is yours, sign in by its password ' +
      'in this browser first and then come by your provider; if it is not, an administrator of the default organisation ' +
      'has to remove it',
  });
const noGroup = () => SsoRefused({ reason: 'you are in no group that has a role here' });
