import type { Hono } from 'hono';
import { html } from 'hono/html';
import { principalOf } from '../../capabilities/signin/index.ts';
import type { HttpEnv } from '../http/admission.ts';
import type { PageDeps } from './deps.ts';
import { perform } from './records.ts';
import { signOutTarget } from './sso.ts';

/** Where somebody is who is signed in and was not sent by a program. */
export function account(app: Hono<HttpEnv>, deps: PageDeps): void {
  const { signin, forms, show } = deps;
  const { paths, people, sso } = signin;
  const everywhere = `${paths.account}/everywhere`;

  app.get(paths.account, async (c) => {
    const visitor = await deps.visitor(c);
    if (!visitor) return c.redirect(paths.signIn, 303);
    const memberships = sso.reach(visitor);
    const out = await signOutTarget(deps, visitor);
    const [first] = memberships;
    const sessions = first ? await people.sessions(first.org, visitor.userId) : [];
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
    return show(c, {
      title: `You are signed in`,
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
        <h2>Connect a program</h2>
        <p>Give your MCP client this address. It brings you here to ask, and that is all:</p>
        <p><code>${signin.resource}</code></p>
        <h2>Browsers that are signed in</h2>
        <ul>
          ${sessions.map(
            (session) => html`<li>
              ${session.userAgent ?? 'unknown browser'}
              <span class="soft">since ${day(session.createdAt)} UTC${session.address ? `, from ${session.address}` : ''}${session.id === visitor.sessionId ? '; this one' : ''}</span>
            </li>`,
          )}
        </ul>
        <div class="row">
          <form method="post" action="${paths.signOut}">
            ${forms.field(c)}<button type="submit">Sign out</button>
          </form>
          <form method="post" action="${everywhere}">
            ${forms.field(c)}<button type="submit" class="second">Sign out everywhere</button>
          </form>
        </div>
        <p class="hint">Everywhere means every browser, and every program that you allowed.</p>
      `,
    });
  });

  app.post(everywhere, async (c) => {
    const visitor = (await forms.read(c)) && (await deps.visitor(c));
    if (!visitor) return c.redirect(paths.account, 303);
    for (const member of sso.reach(visitor)) {
      const deed = { action: 'signin.revoke', subject: visitor.userId };
      await perform(c, deps, principalOf(member), deed, () => people.revoke(member.org, member.userId));
    }
    return c.redirect(paths.signIn, 303);
  });
}
