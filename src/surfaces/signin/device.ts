import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { principalOf, type Visitor } from '../../capabilities/signin/index.ts';
import { FairleadError } from '../../kernel/errors.ts';
import type { HttpEnv } from '../http/admission.ts';
import type { PageDeps } from './deps.ts';
import { perform } from './records.ts';
import { allowedIn, withinRole } from './words.ts';

/** The page for who signs in something without a browser: it shows a code, which is entered here. */
export function device(app: Hono<HttpEnv>, deps: PageDeps): void {
  const { signin, admission, forms, show } = deps;
  const { paths, sso, limits, clients } = signin;

  const enter = (c: Context<HttpEnv>, code = '', fault?: string, status = 400) =>
    show(c, {
      title: 'Sign in a device',
      ...(fault === undefined ? {} : { fault, status }),
      content: html`
        <form method="post" action="${paths.device}">
          ${forms.field(c)}
          <label for="code">The code that it shows</label>
          <input id="code" name="code" class="code" required maxlength="20" autocomplete="off" autocapitalize="characters"
            spellcheck="false" value="${code}" ${fault === undefined ? '' : html`aria-describedby="fault" aria-invalid="true"`} />
          <button type="submit">Go on</button>
        </form>
      `,
    });

  const done = (c: Context<HttpEnv>, title: string) =>
    show(c, { title, content: html`<p>Go back to the device. You can close this page.</p>` });

  const unknown = 'There is no such code, or it is too old. It lasts ten minutes.';

  async function confirm(c: Context<HttpEnv>, visitor: Visitor, code: string): Promise<Response> {
    const asked = await (await signin.server()).claimDevice({ cookie: c.req.header('cookie') }, code);
    const memberships = sso.reach(visitor);
    const member = sso.placeOf(visitor);
    if (!asked || !member) return enter(c, code, unknown);
    const client = await clients.find(asked.clientId);
    return show(c, {
      title: `${client?.name ?? 'A program'} wants to use Fairlead in your name`,
      content: html`
        ${allowedIn(asked.scopes, memberships.length > 1 ? memberships : [member])}
        <p class="soft">Allow it only if you have just started it yourself, and it shows exactly this code. Nobody of
          your organisation will ever send you one.</p>
        <form method="post" action="${paths.device}">
          ${forms.field(c)}
          <input type="hidden" name="code" value="${code}" />
          ${
            memberships.length > 1
              ? html`<label for="org">In the organisation</label>
                <select id="org" name="org">
                  ${memberships.map(({ org, role }) => html`<option value="${org}" ${org === member.org ? 'selected' : ''}>${org}, as ${role}</option>`)}
                </select>`
              : ''
          }
          <dl><dt>Code</dt> <dd><code class="code">${code}</code></dd> <dt>You are</dt> <dd>${visitor.name} (${visitor.email})</dd></dl>
          <div class="row">
            <button type="submit" name="answer" value="allow">Allow</button>
            <button type="submit" name="answer" value="deny" class="second">Do not allow</button>
          </div>
        </form>
      `,
    });
  }

  app.get(paths.device, async (c) => {
    const code = codeOf(c.req.query('user_code'));
    const here = code === '' ? paths.device : `${paths.device}?user_code=${code}`;
    if (!(await deps.visitor(c))) return c.redirect(`${paths.signIn}?${new URLSearchParams({ to: here })}`, 303);
    return enter(c, code);
  });

  app.post(paths.device, async (c) => {
    const form = await forms.read(c);
    const visitor = await deps.visitor(c);
    if (!visitor) return c.redirect(`${paths.signIn}?${new URLSearchParams({ to: paths.device })}`, 303);
    if (!form) return enter(c, '', 'This form was not from here, or too old. Try again.');
    const code = codeOf(form.get('code'));
    const answer = form.get('answer');
    try {
      await limits.countCode(admission.address(c));
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      return enter(c, code, `${error.message} ${error.action}`, error.spec.status);
    }
    if (answer === null) return confirm(c, visitor, code);
    const allow = answer === 'allow';
    const open = sso.reach(visitor);
    const member = open.find(({ org }) => org === form.get('org')) ?? sso.placeOf(visitor);
    if (!member) return enter(c, code, unknown);
    if (allow) {
      const asked = await (await signin.server()).claimDevice({ cookie: c.req.header('cookie') }, code);
      if (!asked) return enter(c, code, unknown);
      await signin.bindDevice(visitor, member.org, code, withinRole(asked.scopes, member));
    }
    const deed = { action: allow ? 'signin.device' : 'signin.device.decline', subject: visitor.userId };
    const answered = await perform(c, deps, principalOf(member), deed, async () => {
      const from = { cookie: c.req.header('cookie') };
      return (await signin.server()).answerDevice(from, { userCode: code, allow });
    });
    if (!answered) return enter(c, code, unknown);
    return done(c, allow ? 'The device is signed in' : 'The device was not signed in');
  });
}

const codeOf = (text: string | null | undefined) =>
  (text ?? '')
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .slice(0, 20);
