import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { firstBeyond, SignInRefused, SsoRequired } from '../../capabilities/signin/index.ts';
import { FairleadError } from '../../kernel/errors.ts';
import type { HttpEnv } from '../http/admission.ts';
import type { PageDeps } from './deps.ts';
import { nextOf } from './onward.ts';
import { nobody, note, perform, somebody } from './records.ts';
import { signOutTarget, ssoButtons } from './sso.ts';

const worthNoting: readonly string[] = [SignInRefused.code, SsoRequired.code];

/** The pages by which a browser gets in and out: sign-in and sign-out. */
export function entry(app: Hono<HttpEnv>, deps: PageDeps): void {
  const { signin, admission, forms, browsers, show } = deps;
  const { paths, roster, limits, sso } = signin;

  type More = { email?: string; fault?: string; status?: number; wait?: number };

  const page = (c: Context<HttpEnv>, more: More = {}) => {
    const query = new URL(c.req.url).searchParams;
    const { fault, status, wait } = more;
    const org = query.get('org') ?? undefined;
    const withPassword = org === undefined ? deps.passwordsCount() : !sso.requiredIn(org);
    const buttons = ssoButtons(deps, query, org !== undefined && sso.requiredIn(org) ? org : undefined);
    return show(c, {
      title: 'Sign in',
      ...(fault === undefined ? {} : { fault }),
      ...(status === undefined ? {} : { status }),
      ...(wait === undefined ? {} : { headers: { 'retry-after': String(wait) } }),
      leadsTo: query.get('redirect_uri') ?? undefined,
      content: html`
        ${query.has('client_id') ? html`<p>A program wants to use Fairlead in your name. Sign in to decide.</p>` : ''}
        ${buttons}
        ${withPassword && buttons !== '' ? html`<p class="soft or">Or with a password of this server:</p>` : ''}
        ${withPassword ? passwordForm(c, query, more) : ''}
        <footer class="soft">${
          withPassword
            ? 'No account yet, or the password is lost? Whoever administers your organisation can send you an invitation.'
            : 'It does not let you in? Whoever administers your organisation can tell you why.'
        }</footer>
      `,
    });
  };

  const passwordForm = (c: Context<HttpEnv>, query: URLSearchParams, { email = '', fault }: More) => html`
    <form method="post" action="${paths.signIn}?${query.toString()}">
      ${forms.field(c)}
      <label for="email">E-mail address</label>
      <input id="email" name="email" type="email" autocomplete="username" required maxlength="200"
        value="${email}" ${fault === undefined ? '' : html`aria-describedby="fault" aria-invalid="true"`} />
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required
        maxlength="256" ${fault === undefined ? '' : html`aria-describedby="fault" aria-invalid="true"`} />
      <button type="submit">Sign in</button>
    </form>
  `;

  app.get(paths.signIn, (c) => page(c));
  app.post(paths.signIn, async (c) => {
    const form = await forms.read(c);
    if (!form) return page(c, { fault: 'This form was not from here, or too old. Try again.', status: 400 });
    const email = (form.get('email') ?? '').trim().slice(0, 200);
    const password = (form.get('password') ?? '').slice(0, 256);
    const address = admission.address(c);
    await roster.wake();
    // What was typed may be anything, a password too: only an address that is somebody's stands in the record.
    const member = roster.memberByEmail(email);
    const deed = { action: 'signin.password', subject: member ? member.email : '-' };
    const browser = browsers.known(c, email);
    try {
      await limits.count({ email, address, browser });
      const server = await signin.server();
      const signedIn = await server.signIn({ email, password, address, userAgent: c.req.header('user-agent') });
      if (!signedIn) throw SignInRefused();
      await limits.succeeded({ email, address, browser });
      browsers.remember(c, email);
      await note(c, deps, somebody(member), deed);
      for (const cookie of signedIn.cookies) c.header('set-cookie', cookie, { append: true });
      return c.redirect(nextOf(new URL(c.req.url).searchParams, deps), 303);
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      const { message, action, spec, retryAfterSeconds } = error;
      // Of those that are not looked at one stands for all: they would fill the books.
      if (worthNoting.includes(error.code) || error.rule === firstBeyond)
        await note(c, deps, member ? somebody(member) : nobody, deed, error);
      else deps.log.warn({ code: error.code }, 'a sign-in was not looked at');
      return page(c, {
        email,
        fault: `${message} ${action}`,
        status: spec.status,
        ...(retryAfterSeconds === undefined ? {} : { wait: retryAfterSeconds }),
      });
    }
  });

  app.post(paths.signOut, async (c) => {
    const form = await forms.read(c);
    const visitor = form && (await deps.visitor(c));
    const target = await signOutTarget(deps, visitor); // what it needs ends with the session
    if (visitor) {
      const member = roster.member(visitor.userId, visitor.org) ?? roster.member(visitor.userId);
      const deed = { action: 'signin.out', subject: visitor.sessionId };
      const { cookies } = await perform(c, deps, somebody(member), deed, async () =>
        (await signin.server()).signOut({ cookie: c.req.header('cookie') }),
      );
      for (const cookie of cookies) c.header('set-cookie', cookie, { append: true });
    }
    return c.redirect(target, 303);
  });
}
