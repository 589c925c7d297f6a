import { z } from '@hono/zod-openapi';
import { may, RightsExceeded, requireRightsOf } from '../../capabilities/access/index.ts';
import { invitationInput, memberChange, type Signin, SigninOff, SsoRequired } from '../../capabilities/signin/index.ts';
import { Conflict, InvalidRequest, NotFound } from '../../kernel/errors.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface UsersDeps {
  /** Undefined where the built-in sign-in is off. */
  signin: Signin | undefined;
}

const userParams = z.strictObject({
  id: z.string().min(1).max(100).openapi({ example: 'usr_06exw4v5d0tq8m2k9r7h3n1c5b' }),
});
const invitationParams = z.strictObject({
  id: z.string().min(1).max(100).openapi({ example: 'inv_06exw4v5d0tq8m2k9r7h3n1c5b' }),
});

const user = z
  .object({
    id: z.string(),
    org: z.string(),
    email: z.string(),
    name: z.string(),
    role: z.string(),
    teams: z.array(z.string()),
    createdBy: z.string(),
    createdAt: schemas.timeMs,
    follows: z.string().optional(),
    suspendedAt: schemas.timeMs.optional(),
    signsInBy: z.array(z.string()).optional(),
  })
  .openapi('User');
const invitation = z
  .object({
    id: z.string(),
    kind: z.string(),
    org: z.string(),
    email: z.string(),
    role: z.string(),
    teams: z.array(z.string()),
    createdBy: z.string(),
    createdAt: schemas.timeMs,
    expiresAt: schemas.timeMs,
  })
  .openapi('Invitation');
const userExample = {
  id: 'usr_06exw4v5d0tq8m2k9r7h3n1c5b',
  org: 'default',
  email: 'someone@example.com',
  name: 'Someone',
  role: 'developer',
  teams: ['platform'],
  createdBy: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5a',
  createdAt: 1_795_219_200_000,
};
const { name: _, ...invitedExample } = userExample;
const invitationExample = {
  ...invitedExample,
  id: 'inv_06exw4v5d0tq8m2k9r7h3n1c5b',
  kind: 'join',
  expiresAt: 1_795_824_000_000,
};

/** People who sign in here, and those who are invited to. */
export function userRoutes({ signin }: UsersDeps): Route[] {
  const people = () => {
    if (!signin) throw SigninOff();
    return signin.people;
  };
  const shown = ({
    userId,
    revokedBefore: _,
    generation: __,
    ...member
  }: Awaited<ReturnType<Signin['people']['list']>>[number]) => ({
    id: userId,
    ...member,
  });
  const listed = async (org: OrgId) => {
    const members = await people().list(org);
    const ways = await signin?.sso.waysIn(org);
    return members.map((member) => {
      const { providers = [], hasPassword = false } = ways?.get(member.userId) ?? {};
      return { ...shown(member), signsInBy: [...providers, ...(hasPassword ? ['password'] : [])] };
    });
  };
  const linked = ({
    userId: _,
    everywhere: __,
    ...rest
  }: Awaited<ReturnType<Signin['people']['invitations']>>[number]) => rest;
  const holdsHere = async (principal: Principal, org: OrgId, userId: string) => {
    const member = (await people().list(org)).find((one) => one.userId === userId);
    if (member) requireRightsOf(principal, org, member.role);
  };
  /** A new password opens all that the person has, here and elsewhere. */
  const holdsAllOf = async (principal: Principal, org: OrgId, userId: string) => {
    const here = (await people().list(org)).filter((member) => member.userId === userId);
    for (const member of [...here, ...(signin?.roster.memberships(userId) ?? [])])
      requireRightsOf(principal, member.org, member.role);
  };
  const common = { tag: 'Users', scope: 'users:write', inOrg: true } as const;
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/users',
      summary: 'List users',
      description:
        'The members of an organisation, and who is invited to become one. `signsInBy` names providers of single sign-on, and ' +
        '`password`; role and teams of who `follows` one are those of their groups there, and who is suspended is in none.',
      answers: {
        200: {
          description: 'Members and invitations, oldest first',
          schema: z.object({ users: z.array(user), invitations: z.array(invitation) }),
          example: { users: [{ ...userExample, signsInBy: ['password'] }], invitations: [] },
        },
      },
      errors: [SigninOff],
      handle: async ({ org }) =>
        ok({ users: await listed(org), invitations: (await people().invitations(org)).map(linked) }),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/users/invitations',
      summary: 'Invite a user',
      description:
        'Makes a link by which the person becomes a member and chooses a password, or comes by their provider. It stands in ' +
        'this answer and nowhere else, counts once, and for a week; an earlier one for the same address ends.',
      body: invitationInput,
      bodyExample: { email: 'someone@example.com', role: 'developer', teams: ['platform'] },
      answers: {
        201: {
          description: 'The invitation, and its link this once',
          schema: z.object({
            invitation,
            link: z.string(),
            notes: z.array(z.string()).openapi({
              description: 'What there is to know of how the link will be used, or that it changes nothing',
            }),
          }),
          example: {
            invitation: invitationExample,
            link: 'https://fairlead.example.com/auth/invitation?token=...',
            notes: [],
          },
        },
      },
      errors: [SigninOff, RightsExceeded],
      act: {
        action: 'users.invite',
        subject: ({ body }) => body.email,
        detail: ({ body }) => ({ role: body.role, teams: body.teams }),
      },
      async handle({ principal, org, body }) {
        requireRightsOf(principal, org, body.role);
        const made = await people().invite(org, body, principal.id);
        const notes = signin?.sso.notesOn(org, made.invitation.email) ?? [];
        return { status: 201, body: { ...made, invitation: linked(made.invitation), notes } };
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/v1/users/invitations/{id}',
      summary: 'Withdraw an invitation',
      description: 'Its link counts no more.',
      params: invitationParams,
      answers: { 204: { description: 'Withdrawn' } },
      errors: [SigninOff, NotFound],
      act: { action: 'users.withdraw', subject: ({ params }) => params.id },
      async handle({ org, params }) {
        await people().withdraw(org, params.id);
        return { status: 204 };
      },
    }),
    route({
      ...common,
      method: 'put',
      path: '/api/v1/users/{id}',
      summary: 'Change a user',
      description:
        'Another role, or other teams, of who has no more rights than you then give. It counts at once, for tokens given out ' +
        'before, too. Of a user that `follows` a provider the groups there say both, unless `follows` is sent as null.',
      params: userParams,
      body: memberChange,
      bodyExample: { role: 'operator', teams: ['platform', 'on-call'] },
      answers: { 200: { description: 'The user as it is now', schema: user, example: userExample } },
      errors: [SigninOff, NotFound, Conflict, InvalidRequest, RightsExceeded],
      act: { action: 'users.change', subject: ({ params }) => params.id, detail: ({ body }) => ({ ...body }) },
      async handle({ principal, org, params, body }) {
        if (body.role !== undefined) requireRightsOf(principal, org, body.role);
        // With it ends a suspension: the rights from before it come back.
        else if (body.follows === null) await holdsAllOf(principal, org, params.id);
        // A team opens what rules and collections say, to all that the role carries.
        else if (body.teams !== undefined) await holdsHere(principal, org, params.id);
        return ok(shown(await people().change(org, params.id, body)));
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/v1/users/{id}',
      summary: 'Remove a user',
      description:
        'Ends the membership, with all that the person is signed in with in this organisation. Who is a member of no ' +
        'other one is forgotten.',
      params: userParams,
      answers: { 204: { description: 'Removed' } },
      errors: [SigninOff, NotFound],
      act: { action: 'users.remove', subject: ({ params }) => params.id },
      async handle({ org, params }) {
        await people().remove(org, params.id);
        return { status: 204 };
      },
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/users/{id}/reset',
      summary: 'Let a user choose a new password',
      description:
        'Makes a link for somebody who lost the password. Once it is used, everything that the person was signed in with ' +
        'ends. Of a member of several organisations only an administrator of the default one makes it.',
      params: userParams,
      answers: {
        201: {
          description: 'The link, this once',
          schema: z.object({ invitation, link: z.string() }),
          example: {
            invitation: { ...invitationExample, kind: 'reset' },
            link: 'https://fairlead.example.com/auth/invitation?token=...',
          },
        },
      },
      errors: [SigninOff, NotFound, Conflict, SsoRequired, RightsExceeded],
      act: { action: 'users.reset', subject: ({ params }) => params.id },
      async handle({ principal, org, params }) {
        await holdsAllOf(principal, org, params.id);
        const everywhere = may(principal, 'orgs:write');
        const made = await people().reset(org, params.id, { createdBy: principal.id, everywhere });
        return { status: 201, body: { ...made, invitation: linked(made.invitation) } };
      },
    }),
  ];
}
