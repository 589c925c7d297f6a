import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { type Member, principalOf, type Session, type Visitor } from '../../capabilities/signin/index.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { HttpEnv } from '../http/admission.ts';
import type { PageDeps } from './deps.ts';
import type { Markup } from './layout.ts';
import { perform } from './records.ts';
import { signOutTarget } from './sso.ts';
import { sentences } from './words.ts';

/** Where somebody is who is signed in and was not sent by a program. */
export function account(app: Hono<HttpEnv>, deps: PageDeps): void {
  const { signin, forms, show } = deps;
  const { paths, people, sessions, roster, sso } = signin;
  const everywhere = `${paths.account}/everywhere`;
  const ending = `${paths.account}/session`;
  const revoking = `${paths.account}/key`;

  app.get(paths.account, async (c) => {
    const visitor = await deps.visitor(c);
    if (!visitor) return c.redirect(paths.signIn, 303);
    await roster.wake();
    const memberships = sso.reach(visitor);
    const out = await signOutTarget(deps, visitor);
    const field = forms.field(c);
    return show(c, {
      title: 'You are signed in',
      leadsTo: out.startsWith('/') ? undefined : out,
      content: html`
        <p>${visitor.name} (${visitor.email})</p>
        ${
          memberships.length === 0
            ? html`<p class="fault">No organisation here counts you among its members any more.</p>`
            : html`<ul>
                ${memberships.map(({ org, role, teams }) => html`<li>${org}, as ${role}${teams.length > 0 ? `, in ${teams.join(', ')}` : ''}</li>`)}
              </ul>`
        }
        ${sso.passwordCounts(visitor.userId) ? html`<p><a href="${paths.account}/password">Change your password</a></p>` : ''}
        <h2>Connect a program</h2>
        <p>Give your MCP client this address. It brings you here to ask, and that is all:</p>
        <p><code>${signin.resource}</code></p>
        ${await whereSignedIn(visitor, memberships, field)} ${await keysFor(visitor, memberships, field)}
        <h2>Sign out</h2>
        <div class="row">
          <form method="post" action="${paths.signOut}">${field}<button type="submit">Sign out</button></form>
          <form method="post" action="${everywhere}">
            ${field}<button type="submit" class="second">Sign out everywhere</button>
          </form>
        </div>
        <p class="hint">Everywhere means every browser, and every program that you allowed.</p>
      `,
    });
  });

  /** Browsers, which are the same in all organisations, and what was allowed in each. */
  async function whereSignedIn({ userId, sessionId }: Visitor, memberships: readonly Member[], field: Markup) {
    const lists = await Promise.all(
      memberships.map(async ({ org }) => (await sessions.list(org, userId)).map((session) => ({ org, ...session }))),
    );
    const all = lists.flat();
    const browsers = (lists[0] ?? []).filter(({ kind }) => kind === 'browser');
    const programs = all.filter(({ kind }) => kind !== 'browser');
    const several = memberships.length > 1;
    const button = (session: Session & { org: string }, label: string, about: string) =>
      html`<form method="post" action="${ending}">
        ${field}<input type="hidden" name="org" value="${session.org}" />
        <input type="hidden" name="session" value="${session.id}" />
        <button type="submit" class="small second" aria-label="${label}: ${about}">${label}</button>
      </form>`;
    return html`
      <h2>Browsers that are signed in</h2>
      <ul class="things">
        ${browsers.map((session) => {
          const name = session.userAgent ?? 'unknown browser';
          return html`<li>
            <div>
              ${name}
              <span class="soft">since ${day(session.createdAt)} UTC${session.address ? `, from ${session.address}` : ''}${session.id === sessionId ? '; this one' : ''}</span>
            </div>
            ${session.id === sessionId ? '' : button(session, 'Sign out', `${name} since ${day(session.createdAt)}`)}
          </li>`;
        })}
      </ul>
      <h2>Programs that you allowed</h2>
      ${
        programs.length === 0
          ? html`<p class="soft">None.</p>`
          : html`<ul class="things">
              ${programs.map((session) => {
                const name = session.client?.name ?? 'A program without a name';
                return html`<li>
                  <div>
                    ${name}
                    <span class="soft">
                      ${several ? `in ${session.org}, ` : ''}since ${day(session.createdAt)} UTC, last used ${day(session.seenAt)} UTC.
                      It may: ${sentences(session.scopes ?? [], {
                        org: session.org,
                        role: memberships.find(({ org }) => org === session.org)?.role ?? '',
                      })
                        .map((sentence) => sentence.charAt(0).toLowerCase() + sentence.slice(1))
                        .join('; ')}.
                    </span>
                  </div>
                  ${button(session, 'End', name)}
                </li>`;
              })}
            </ul>`
      }
    `;
  }

  async function keysOf(userId: string, memberships: readonly Member[]) {
    const lists = await Promise.all(memberships.map(({ org }) => deps.keys.list(org)));
    return lists
      .flat()
      .filter((key) => key.userId === userId && key.revokedAt === undefined)
      .filter(({ expiresAt }) => expiresAt === undefined || expiresAt > Date.now());
  }

  async function keysFor({ userId }: Visitor, memberships: readonly Member[], field: Markup) {
    const keys = await keysOf(userId, memberships);
    if (keys.length === 0) return '';
    return html`
      <h2>Keys that act for you</h2>
      <ul class="things">
        ${keys.map(
          (key) => html`<li>
            <div>
              ${key.name}
              <span class="soft">in ${key.org}, as ${key.roles.join(', ')}, made ${day(key.createdAt)} UTC by ${key.createdBy === `user:${userId}` ? 'you' : key.createdBy},
                ${key.lastUsedAt === undefined ? 'never used' : `last used ${day(key.lastUsedAt)} UTC`}</span>
            </div>
            <form method="post" action="${revoking}">
              ${field}<input type="hidden" name="org" value="${key.org}" />
              <input type="hidden" name="key" value="${key.id}" />
              <button type="submit" class="small second" aria-label="Revoke: ${key.name}">Revoke</button>
            </form>
          </li>`,
        )}
      </ul>
    `;
  }

  /** A form of the account page, and for which membership of the person it is. */
  async function asked(c: Context<HttpEnv>) {
    const form = await forms.read(c);
    const visitor = form && (await deps.visitor(c));
    if (!form || !visitor) return undefined;
    await roster.wake();
    return { form, visitor, member: sso.reach(visitor).find(({ org }) => org === form.get('org')) };
  }

  app.post(ending, async (c) => {
    const request = await asked(c);
    if (request?.member) {
      const { form, member } = request;
      const id = (form.get('session') ?? '').slice(0, 100);
      const deed = { action: 'sessions.revoke', subject: member.userId, detail: { session: id } };
      await perform(c, deps, principalOf(member), deed, () => sessions.end(member.org, member.userId, id));
    }
    return c.redirect(paths.account, 303);
  });

  app.post(revoking, async (c) => {
    const request = await asked(c);
    if (request?.member) {
      const { form, member } = request;
      const id = (form.get('key') ?? '').slice(0, 100);
      await perform(c, deps, principalOf(member), { action: 'keys.revoke', subject: id }, async () => {
        const own = await keysOf(member.userId, [member]);
        if (!own.some((key) => key.id === id)) throw NotFound({ what: 'key', id });
        await deps.keys.revoke(member.org, id);
      });
    }
    return c.redirect(paths.account, 303);
  });

  app.post(everywhere, async (c) => {
    const visitor = (await forms.read(c)) && (await deps.visitor(c));
    if (!visitor) return c.redirect(paths.account, 303);
    for (const member of sso.reach(visitor)) {
      const deed = { action: 'sessions.revoke', subject: visitor.userId, detail: { session: 'all' } };
      await perform(c, deps, principalOf(member), deed, () => people.revoke(member.org, member.userId));
    }
    return c.redirect(paths.signIn, 303);
  });
}

const day = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
