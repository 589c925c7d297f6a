import { html } from 'hono/html';
import type { Invitation, Member } from '../../capabilities/signin/index.ts';
import type { PageDeps } from './deps.ts';
import type { Markup, Page } from './layout.ts';

/** What an invitation says of role and teams counts for nothing for who follows a provider and comes by that. */
export function alreadyFollows(name: string, org: string, { signin: { sso } }: Pick<PageDeps, 'signin'>): Markup {
  const title = sso.buttons(org).find((one) => one.name === name)?.title ?? name;
  return html`<p>You are a member already, and your role and your teams follow your groups at <strong>${title}</strong>. Coming by
    it changes neither: ask whoever invited you to change the groups there, or to have them said here.</p>`;
}

/** Somebody is a member already: what an invitation says of role and teams counts for nothing then, and that is said. */
export function memberAlready(
  invited: Invitation,
  member: Member,
  { signin: { sso, paths } }: Pick<PageDeps, 'signin'>,
): Page {
  const { org, role, teams } = invited;
  const { follows } = member;
  const title = sso.buttons(org).find(({ name }) => name === follows)?.title ?? follows;
  const said = teams.length > 0 ? `${role}, in ${teams.join(', ')}` : role;
  return {
    title: 'You are a member already',
    content: html`
      <p>The invitation to <strong>${org}</strong> (as ${said}) was not used: you belong to it, as ${member.role}.</p>
      <p>${
        title === undefined
          ? 'Whoever invited you can change your role and your teams.'
          : html`Your role and your teams follow your groups at <strong>${title}</strong>. If something is missing, ask whoever
              invited you to change the groups there, or to have them said here.`
      }</p>
      <p><a href="${paths.account}">To your account</a></p>
    `,
  };
}
