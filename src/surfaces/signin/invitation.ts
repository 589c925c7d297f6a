import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { InvitationVoid, minPasswordLength, SignInRefused } from '../../capabilities/signin/index.ts';
import { FairleadError, InvalidRequest } from '../../kernel/errors.ts';
import type { HttpEnv } from '../http/admission.ts';
import { alreadyFollows } from './already.ts';
import type { PageDeps } from './deps.ts';
import { nobody, note, somebody } from './records.ts';
import { ssoButtons } from './sso.ts';

/** The page that an invitation's link leads to. */
export function invitation(app: Hono<HttpEnv>, deps: PageDeps): void {
  const { signin, admission, forms, browsers, show } = deps;
  const { paths, people, limits, sso } = signin;

  const page = async (c: Context<HttpEnv>, more: { name?: string; fault?: string; status?: number } = {}) => {
    const token = c.req.query('token') ?? '';
    const { invitation: invited, known, member } = await people.invitation(token);
    const { name = '', fault, status } = more;
    const resets = invited.kind === 'reset';
    const asksOld = known && !resets;
    const buttons = resets ? '' : ssoButtons(deps, new URLSearchParams({ invitation: token }), invited.org);
    const follows = resets ? undefined : member?.follows;
    const required = follows !== undefined || (!resets && sso.requiredIn(invited.org));
    const marked = fault === undefined ? '' : html`aria-describedby="fault" aria-invalid="true"`;
    return show(c, {
      title: resets ? 'Choose a new password' : known ? `Join ${invited.org}` : 'Welcome to Fairlead',
      ...(fault === undefined ? {} : { fault }),
      ...(status === undefined ? {} : { status }),
      content: html`
        ${
          resets
            ? html`<p>With the new one, everything that you were signed in with until now ends.</p>`
            : html`<p>You are invited to the organisation <strong>${invited.org}</strong>, as ${invited.role}.</p>`
        }
        ${follows === undefined ? '' : alreadyFollows(follows, invited.org, deps)}
        ${buttons}
        ${required ? '' : passwordForm()}
      `,
    });
    function passwordForm() {
      return html`
        ${buttons === '' ? '' : html`<p class="soft or">Or with a password of this server:</p>`}
        <form method="post" action="${paths.invitation}?token=${encodeURIComponent(token)}">
          ${forms.field(c)}
          <label for="email">E-mail address</label>
          <input id="email" type="email" autocomplete="username" readonly value="${invited.email}" />
          ${
            known
              ? ''
              : html`<label for="name">Your name</label>
                <input id="name" name="name" autocomplete="name" required maxlength="100" value="${name}" ${marked} />`
          }
          <label for="password">${asksOld ? 'Your password' : 'Choose a password'}</label>
          <input id="password" name="password" type="password" required maxlength="256"
            autocomplete="${asksOld ? 'current-password' : 'new-password'}"
            ${asksOld ? '' : html`minlength="${minPasswordLength}" aria-describedby="password-hint"`} ${asksOld ? marked : ''} />
          ${asksOld ? '' : html`<p class="hint" id="password-hint">${minPasswordLength} characters or more. A few words are good.</p>`}
          <button type="submit">${resets ? 'Set the password' : known ? 'Join' : 'Make my account'}</button>
        </form>
      `;
    }
  };

  const void_ = (c: Context<HttpEnv>) => {
    const { message, action } = InvitationVoid();
    const content = html`<p>If you have an account, <a href="${paths.signIn}">sign in</a>.</p>`;
    return show(c, { title: 'This invitation does not count', fault: `${message} ${action}`, content, status: 404 });
  };
  const orVoid = async (c: Context<HttpEnv>, answer: Promise<Response>) => {
    try {
      return await answer;
    } catch (error) {
      if (InvitationVoid.is(error)) return void_(c);
      throw error;
    }
  };

  app.get(paths.invitation, (c) => orVoid(c, page(c)));
  app.post(paths.invitation, (c) => orVoid(c, accept(c)));

  async function accept(c: Context<HttpEnv>): Promise<Response> {
    const form = await forms.read(c);
    if (!form) return page(c, { fault: 'This form was not from here, or too old. Try again.', status: 400 });
    const token = c.req.query('token') ?? '';
    const address = admission.address(c);
    const name = form.get('name') ?? '';
    try {
      const { invitation: invited } = await people.invitation(token);
      const { email } = invited;
      const deed = {
        action: invited.kind === 'reset' ? 'signin.reset' : 'signin.join',
        subject: email,
        detail: { invitation: invited.id, role: invited.role },
      };
      // A reset looks at no password that could be guessed: nobody can keep its holder out by guessing elsewhere.
      const asksOld = invited.kind === 'join';
      const browser = browsers.known(c, email);
      await limits.count(asksOld ? { email, address, browser } : { address });
      const userAgent = c.req.header('user-agent');
      const password = form.get('password') ?? '';
      const member = await people.accept(token, { name, password, address, userAgent });
      if (!member) {
        await note(c, deps, { ...nobody, org: invited.org }, deed, SignInRefused());
        throw SignInRefused();
      }
      if (asksOld) await limits.succeeded({ email, address, browser });
      browsers.remember(c, email);
      await note(c, deps, somebody(member), deed);
      const signedIn = await (await signin.server()).signIn({ email, password, address, userAgent });
      for (const cookie of signedIn?.cookies ?? []) c.header('set-cookie', cookie, { append: true });
      return c.redirect(paths.account, 303);
    } catch (error) {
      if (!(error instanceof FairleadError) || error.code === InvitationVoid.code) throw error;
      const fault = error.code === InvalidRequest.code ? error.message : `${error.message} ${error.action}`;
      return page(c, { name, fault, status: error.spec.status });
    }
  }
}
