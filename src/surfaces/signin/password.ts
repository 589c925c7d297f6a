import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { firstBeyond, minPasswordLength, SignInRefused, type Visitor } from '../../capabilities/signin/index.ts';
import { FairleadError, InvalidRequest } from '../../kernel/errors.ts';
import type { HttpEnv } from '../http/admission.ts';
import type { PageDeps } from './deps.ts';
import { note, somebody } from './records.ts';

/** The page on which somebody who is signed in chooses another password. */
export function password(app: Hono<HttpEnv>, deps: PageDeps): void {
  const { signin, admission, forms, browsers, show } = deps;
  const { paths, roster, people, limits } = signin;
  const path = `${paths.account}/password`;

  const page = (c: Context<HttpEnv>, { email }: Visitor, more: { fault?: string; status?: number } = {}) => {
    const marked = more.fault === undefined ? '' : html`aria-describedby="fault" aria-invalid="true"`;
    return show(c, {
      title: 'Change your password',
      ...more,
      content: html`
        <p>With the new one, everything else that you are signed in with ends: other browsers, and programs.</p>
        <form method="post" action="${path}">
          ${forms.field(c)}
          <input type="email" autocomplete="username" readonly value="${email}" aria-label="E-mail address" />
          <label for="current">Your password until now</label>
          <input id="current" name="current" type="password" autocomplete="current-password" required maxlength="256" ${marked} />
          <label for="password">The new password</label>
          <input id="password" name="password" type="password" autocomplete="new-password" required maxlength="256"
            minlength="${minPasswordLength}" aria-describedby="password-hint" />
          <p class="hint" id="password-hint">${minPasswordLength} characters or more. A few words are good.</p>
          <button type="submit">Change it</button>
        </form>
        <footer><a href="${paths.account}">Back to your account</a></footer>
      `,
    });
  };

  app.get(path, async (c) => {
    const visitor = await deps.visitor(c);
    return visitor ? page(c, visitor) : c.redirect(paths.signIn, 303);
  });

  app.post(path, async (c) => {
    const form = await forms.read(c);
    const visitor = await deps.visitor(c);
    if (!visitor) return c.redirect(paths.signIn, 303);
    if (!form) return page(c, visitor, { fault: 'This form was not from here, or too old. Try again.', status: 400 });
    const { userId, email } = visitor;
    const [current, next] = [form.get('current') ?? '', form.get('password') ?? ''];
    const address = admission.address(c);
    await roster.wake();
    const member = roster.member(userId, visitor.org) ?? roster.member(userId);
    const deed = { action: 'signin.change-password', subject: userId };
    const browser = browsers.known(c, email);
    try {
      await limits.count({ email, address, browser });
      if (!(await people.changePassword({ userId, email }, current, next))) throw SignInRefused();
      await limits.succeeded({ email, address, browser });
      browsers.remember(c, email);
      await note(c, deps, somebody(member), deed);
      const userAgent = c.req.header('user-agent');
      const signedIn = await (await signin.server()).signIn({ email, password: next, address, userAgent });
      for (const cookie of signedIn?.cookies ?? []) c.header('set-cookie', cookie, { append: true });
      return c.redirect(paths.account, 303);
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      if (error.code === SignInRefused.code || error.rule === firstBeyond)
        await note(c, deps, somebody(member), deed, error);
      const fault =
        error.code === SignInRefused.code
          ? 'This is not your password until now.'
          : error.code === InvalidRequest.code
            ? error.message
            : `${error.message} ${error.action}`;
      return page(c, visitor, { fault, status: error.spec.status === 401 ? 400 : error.spec.status });
    }
  });
}
