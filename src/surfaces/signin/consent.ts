import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { type Client, type Member, principalOf, type Visitor } from '../../capabilities/signin/index.ts';
import { isLoopbackHost } from '../../config/index.ts';
import type { HttpEnv } from '../http/admission.ts';
import type { PageDeps } from './deps.ts';
import { askedFirst } from './onward.ts';
import { perform } from './records.ts';
import { allowedIn, scopesOf, withinRole } from './words.ts';

/** The page that asks whether a program may do what it wants. */
export function consent(app: Hono<HttpEnv>, deps: PageDeps): void {
  const { signin, forms, show } = deps;
  const { paths } = signin;

  app.get(paths.consent, async (c) => {
    const asked = await askedOf(c, deps);
    return asked instanceof Response ? asked : page(c, deps, asked);
  });

  app.post(paths.consent, async (c) => {
    const form = await forms.read(c);
    const asked = await askedOf(c, deps);
    if (asked instanceof Response) return asked;
    if (!form) return page(c, deps, asked, 'This form was not from here, or too old. Try again.');
    const { query, visitor, memberships, client } = asked;
    const member = memberships.find(({ org }) => org === form.get('org')) ?? asked.member;
    if (member.org !== visitor.org) await signin.chooseOrg(member.org, visitor.sessionId);
    const allow = form.get('answer') === 'allow';
    const scopes = withinRole(asked.scopes, member);
    const deed = {
      action: allow ? 'signin.grant' : 'signin.decline',
      subject: client.clientId,
      detail: { name: client.name ?? null, scopes, answeredAt: hostOf(query.get('redirect_uri')) },
    };
    const url = await perform(c, deps, principalOf(member), deed, async () =>
      (await signin.server()).consent({ cookie: c.req.header('cookie') }, { query: query.toString(), allow, scopes }),
    );
    // Too old, or changed on its way: the same question is put again, with a new signature.
    return c.redirect(url ?? `${paths.base}/oauth2/authorize?${askedFirst(query)}`, 303);
  });

  /** What is asked of whom, or where to go instead. */
  async function askedOf(c: Context<HttpEnv>, { signin: { clients, sso } }: PageDeps): Promise<Asked | Response> {
    const query = new URL(c.req.url).searchParams;
    const visitor = await deps.visitor(c);
    if (!visitor) return c.redirect(`${paths.signIn}?${query}`, 303);
    const memberships = sso.reach(visitor);
    const member = sso.placeOf(visitor);
    if (!member)
      return show(c, {
        title: 'You are not a member',
        fault: 'You are signed in, but no organisation here counts you among its members any more.',
        content: html`<p>Ask whoever administers your organisation for an invitation.</p>`,
        status: 403,
      });
    const client = await clients.find(query.get('client_id') ?? '');
    if (!client?.redirectUris.length)
      return show(c, {
        title: 'This program is not known here',
        fault: 'Go back to the program and begin again.',
        content: html`<p>Nothing was changed.</p>`,
        status: 400,
      });
    return { query, visitor, memberships, member, client, scopes: scopesOf(query.get('scope')) };
  }
}

interface Asked {
  query: URLSearchParams;
  visitor: Visitor;
  memberships: readonly Member[];
  /** In the organisation that was chosen last. */
  member: Member;
  client: Client;
  scopes: string[];
}

function page(c: Context<HttpEnv>, { signin: { paths }, forms, show }: PageDeps, asked: Asked, fault?: string) {
  const { query, visitor, memberships, member, client, scopes } = asked;
  const name = client.name ?? 'A program without a name';
  const redirect = query.get('redirect_uri');
  return show(c, {
    title: `${name} wants to use Fairlead in your name`,
    ...(fault === undefined ? {} : { fault, status: 400 }),
    leadsTo: redirect ?? undefined,
    content: html`
      ${allowedIn(scopes, memberships.length > 1 ? memberships : [member])}
      <dl>
        <dt>You are</dt>
        <dd>${visitor.name} (${visitor.email})</dd>
        ${memberships.length > 1 ? '' : html`<dt>In the organisation</dt> <dd>${member.org}, as ${member.role}</dd>`}
        <dt>The answer goes to</dt>
        <dd><code>${hostOf(redirect)}</code></dd>
        ${/^https?:/.test(client.clientId) ? html`<dt>Who says that it is ${name}</dt> <dd><code>${hostOf(client.clientId)}</code></dd>` : ''}
      </dl>
      <p class="soft">${/^https?:/.test(client.clientId) ? '' : 'Programs name themselves. '}Allow it only if you have
        just started it yourself.</p>
      <form method="post" action="${paths.consent}?${query.toString()}">
        ${forms.field(c)}
        ${
          memberships.length > 1
            ? html`<label for="org">In the organisation</label>
              <select id="org" name="org">
                ${memberships.map(({ org, role }) => html`<option value="${org}" ${org === member.org ? 'selected' : ''}>${org}, as ${role}</option>`)}
              </select>`
            : ''
        }
        <div class="row">
          <button type="submit" name="answer" value="allow">Allow</button>
          <button type="submit" name="answer" value="deny" class="second">Do not allow</button>
        </div>
      </form>
    `,
  });
}

/** The part of an address that tells whose it is. */
function hostOf(address: string | null): string {
  if (address === null || !URL.canParse(address)) return 'an address that cannot be read';
  const { protocol, host, hostname } = new URL(address);
  if (protocol === 'http:' || protocol === 'https:') return isLoopbackHost(hostname) ? `this computer (${host})` : host;
  return `an app on this computer (${protocol})`;
}
