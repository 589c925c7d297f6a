import { z } from 'zod';
import { roleNames } from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { Conflict, InvalidRequest, NotFound } from '../../../kernel/errors.ts';
import { newId, randomToken } from '../../../kernel/ids.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Keyring } from '../../../platform/keyring/index.ts';
import { InvitationVoid, SsoRequired } from '../errors.ts';
import {
  deleteInvitation,
  findInvitation,
  type Invitation,
  insertInvitation,
  listInvitations,
  namesUnknownOrg,
  useInvitation,
} from '../invitations/store.ts';
import type { AuthServer } from '../port.ts';
import type { Standing } from '../sso/standing.ts';
import { revokeMember } from './ending/store.ts';
import { putPassword } from './passwords/store.ts';
import type { Ended, Revocation } from './revocation.ts';
import type { Roster } from './roster.ts';
import { changeMember, findUserByEmail, insertMember, listMembers, lockMemberships, type Member } from './store.ts';

const invitationMs = 7 * 24 * 3_600_000;
const tokenBytes = 32;
export const minPasswordLength = 12;
const maxPasswordLength = 256;

const team = z.string().regex(/^[a-z][a-z0-9-]{0,38}$/, 'must be lower case letters, digits and dashes');

/** Whom somebody invites; for surfaces to build their own schemas on. */
export const invitationInput = z.strictObject({
  email: z.email().max(200).describe('Where the person is reached, and by what it signs in'),
  role: z.enum(roleNames).default('developer').describe('What it may do'),
  teams: z.array(team).max(50).default([]).describe('Teams that it belongs to'),
});
export type InvitationInput = z.infer<typeof invitationInput>;

export const memberChange = z
  .strictObject({
    role: z.enum(roleNames).describe('What the person may do from now on'),
    teams: z.array(team).max(50).describe('All teams that it belongs to'),
    follows: z
      .string()
      .max(39)
      .nullable()
      .describe('The provider whose groups say role and teams from the next sign-in on; null keeps what is said here'),
  })
  .partial();

/** The members of organisations. Whoever calls has required `users:write`, and that they may act in the organisation. */
export interface People {
  list(org: OrgId): Promise<Member[]>;
  invitations(org: OrgId): Promise<Invitation[]>;
  /** The link is in this answer and nowhere else. Throws NotFound for the organisation. */
  invite(org: OrgId, input: InvitationInput, createdBy: string): Promise<{ invitation: Invitation; link: string }>;
  /** Throws NotFound, as all that follow do. */
  withdraw(org: OrgId, id: string): Promise<void>;
  change(org: OrgId, userId: string, change: z.infer<typeof memberChange>): Promise<Member>;
  /** Ends the membership with everything that the person has in the organisation. */
  remove(org: OrgId, userId: string): Promise<Ended>;
  /** Ends everything that the person is signed in with: browsers, terminals and programs. */
  revoke(org: OrgId, userId: string): Promise<void>;
  /**
   * A link by which the person chooses a new password: whoever holds it has the account. So it is made for members of this
   * organisation alone, or where `everywhere` says that the others are the caller's business, too. Throws Conflict.
   */
  reset(
    org: OrgId,
    userId: string,
    more: { createdBy: string; everywhere: boolean },
  ): Promise<{ invitation: Invitation; link: string }>;
  /**
   * Another password for who knows the one until now; everything that the old one opened is closed. False where it is not
   * theirs. Throws InvalidRequest.
   */
  changePassword(person: { userId: string; email: string }, current: string, next: string): Promise<boolean>;
  /**
   * By the secret of its link. `known` says that the person has a password here already, `member` that there is nothing to
   * join. Throws InvitationVoid.
   */
  invitation(token: string): Promise<{ invitation: Invitation; known: boolean; member?: Member }>;
  /**
   * Makes whoever holds the link a member. A person who is known here proves it by the password, a new one chooses it.
   * Throws InvitationVoid, InvalidRequest; undefined where the password is not theirs.
   */
  accept(
    token: string,
    person: { name: string; password: string; address: string | undefined; userAgent: string | undefined },
  ): Promise<Member | undefined>;
}

export interface PeopleDeps {
  db: Db;
  keyring: Keyring;
  clock: Clock;
  roster: Roster;
  standing: Pick<Standing, 'requiredIn' | 'passwordCounts'>;
  /** Whether there is such a provider for the organisation. */
  isProvider(name: string, org: OrgId): boolean;
  /** Where the page for invitations is; the token is added to it. */
  invitationUrl: string;
  server(): Promise<AuthServer>;
  revocation: Revocation;
}

export function createPeople(deps: PeopleDeps): People {
  const { db, keyring, clock, roster, server, revocation } = deps;
  const hashOf = (token: string) => keyring.hash('sign-in', `invitation:${token}`);

  async function changed<T>(change: Promise<T>): Promise<T> {
    const value = await change;
    roster.tell();
    await roster.refresh();
    return value;
  }
  const inTransaction = (work: (tx: Db) => Promise<boolean>) =>
    changed(db.transaction().execute((tx) => work(tx as unknown as Db)));

  async function find(token: string) {
    const invitation = await findInvitation(db, keyring.hashes('sign-in', `invitation:${token}`), clock.now());
    if (!invitation) throw InvitationVoid();
    const user = await findUserByEmail(db, invitation.email);
    // Made for an account that is no more, whoever has the address now.
    if ((invitation.kind === 'reset' || invitation.userId !== undefined) && user?.id !== invitation.userId)
      throw InvitationVoid();
    return { invitation, user };
  }

  /** Of two who come with one link at once, the second finds the address taken: the link is used, then. */
  async function madeOnce(token: string, make: () => Promise<{ userId: string }>): Promise<string> {
    try {
      return (await make()).userId;
    } catch (error) {
      if ((await find(token)).user) throw InvitationVoid();
      throw error;
    }
  }

  async function memberOf(org: OrgId, userId: string): Promise<Member> {
    const member = (await listMembers(db, org)).find((each) => each.userId === userId);
    if (!member) throw NotFound({ what: 'user', id: userId });
    return member;
  }

  async function linkFor(
    org: OrgId,
    kind: Invitation['kind'],
    {
      email,
      teams,
      ...rest
    }: { email: string; teams: readonly string[] } & Pick<Invitation, 'role' | 'userId' | 'everywhere'>,
    createdBy: string,
  ) {
    const now = clock.now();
    const token = randomToken(tokenBytes);
    const invitation: Invitation = {
      org,
      id: newId('inv', now),
      kind,
      email: email.toLowerCase(),
      ...rest,
      teams: [...new Set(teams)],
      createdBy,
      createdAt: now,
      expiresAt: now + invitationMs,
    };
    try {
      await db.transaction().execute((tx) => insertInvitation(tx, org, invitation, hashOf(token)));
    } catch (error) {
      throw namesUnknownOrg(error) ? NotFound({ what: 'organisation', id: org }) : error;
    }
    return { invitation, link: `${deps.invitationUrl}?token=${token}` };
  }

  /** Everything that the old password opened is closed. */
  async function takePassword(tx: Db, userId: string, hash: string, memberships: readonly Member[]): Promise<void> {
    const now = clock.now();
    await putPassword(tx, userId, { id: newId('acc', now), hash, atMs: now });
    for (const { org } of memberships) await revokeMember(tx, org, userId, now);
  }

  async function renew({ org, id, email, everywhere = false }: Invitation, userId: string, password: string) {
    await roster.refresh();
    if (!deps.standing.passwordCounts(userId)) throw SsoRequired();
    checkNew(email, password);
    const hash = await (await server()).hashPassword(password);
    await inTransaction(async (tx) => {
      // What was so when the link was made is looked at again: the person may have come to be more than it was made for.
      const memberships = await lockMemberships(tx, userId);
      if (!memberships.some((member) => member.org === org)) throw InvitationVoid();
      if (!everywhere && memberships.some((member) => member.org !== org)) throw isElsewhere();
      if (!(await useInvitation(tx, org, id, clock.now()))) throw InvitationVoid();
      await takePassword(tx, userId, hash, memberships);
      return true;
    });
    return memberOf(org, userId);
  }

  return {
    list: (org) => listMembers(db, org),
    invitations: (org) => listInvitations(db, org, clock.now()),
    async invite(org, { email, role, teams }, createdBy) {
      const userId = (await findUserByEmail(db, email))?.id;
      return linkFor(org, 'join', { email, role, teams, ...(userId === undefined ? {} : { userId }) }, createdBy);
    },
    async reset(org, userId, { createdBy, everywhere }) {
      const { email, role, teams } = await memberOf(org, userId);
      await roster.refresh();
      if (!deps.standing.passwordCounts(userId)) throw SsoRequired();
      if (!everywhere && roster.memberships(userId).some((member) => member.org !== org)) throw isElsewhere();
      return linkFor(org, 'reset', { email, role, teams, userId, everywhere }, createdBy);
    },
    async withdraw(org, id) {
      if (!(await deleteInvitation(db, org, id))) throw NotFound({ what: 'invitation', id });
    },
    async change(org, userId, change) {
      const { follows } = await memberOf(org, userId);
      if (follows !== undefined && change.follows === undefined)
        throw Conflict({
          reason: `Role and teams of this person follow their groups at ${follows}, and would again at the next sign-in.`,
          remedy: 'Change the groups there, or send "follows": null with it to say them here from now on.',
        });
      if (typeof change.follows === 'string' && !deps.isProvider(change.follows, org))
        throw InvalidRequest({ faults: ['follows: is no provider of this organisation'] });
      if (!(await inTransaction((tx) => changeMember(tx, org, userId, change))))
        throw NotFound({ what: 'user', id: userId });
      return memberOf(org, userId);
    },
    remove(org, userId) {
      return revocation.withMembership(org, userId);
    },
    async revoke(org, userId) {
      const now = clock.now();
      if (!(await inTransaction((tx) => revokeMember(tx, org, userId, now))))
        throw NotFound({ what: 'user', id: userId });
    },
    async changePassword({ userId, email }, current, next) {
      if (!(await (await server()).isPassword(userId, current))) return false;
      checkNew(email, next);
      const hash = await (await server()).hashPassword(next);
      await inTransaction(async (tx) => {
        await takePassword(tx, userId, hash, await lockMemberships(tx, userId));
        return true;
      });
      return true;
    },
    async invitation(token) {
      const { invitation, user } = await find(token);
      await roster.wake();
      const member = user && roster.member(user.id, invitation.org);
      return { invitation, known: user !== undefined, ...(member ? { member } : {}) };
    },
    async accept(token, { name, password, address, userAgent }) {
      const { invitation, user } = await find(token);
      const { org, email, role, teams, createdBy } = invitation;
      const auth = await server();
      if (invitation.kind === 'reset') return renew(invitation, user?.id ?? '', password);
      if (deps.standing.requiredIn(org)) throw SsoRequired();
      if (!user) checkNew(email, password, name);
      const userId = user
        ? (await auth.signIn({ email, password, address, userAgent }))?.userId
        : await madeOnce(token, () => auth.createUser({ email, name: name.trim(), password }));
      if (userId === undefined) return undefined;
      const taken = await inTransaction(async (tx) => {
        const now = clock.now();
        // Who follows a provider comes by it: a password does not loose them from what it says of them.
        const here = (await lockMemberships(tx, userId)).find((member) => member.org === org);
        if (here?.follows !== undefined) throw SsoRequired();
        if (!(await useInvitation(tx, org, invitation.id, now))) return false;
        return insertMember(tx, org, { userId, role, teams, createdBy, createdAt: now });
      });
      if (!taken) throw InvitationVoid();
      return memberOf(org, userId);
    },
  };
}

const isElsewhere = () =>
  Conflict({
    reason: 'This person is a member of other organisations, too, which a new password would open.',
    remedy: 'Ask an administrator of the default organisation to do it.',
  });

/** Throws InvalidRequest with all that is wrong. */
function checkNew(email: string, password: string, name?: string): void {
  const faults: string[] = [];
  if (name !== undefined && !/^\P{Cc}{1,100}$/u.test(name.trim()))
    faults.push('name: is missing, or longer than 100 characters');
  if (password.length < minPasswordLength) faults.push(`password: needs ${minPasswordLength} characters or more`);
  if (password.length > maxPasswordLength) faults.push(`password: has more than ${maxPasswordLength} characters`);
  if (password.toLowerCase().includes(email.toLowerCase())) faults.push('password: must not hold the e-mail address');
  if (new Set(password).size < 5) faults.push('password: is always the same few characters');
  if (faults.length > 0) throw InvalidRequest({ faults });
}
