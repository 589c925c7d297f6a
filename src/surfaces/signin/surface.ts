import { Hono } from 'hono';
import { html } from 'hono/html';
import { FairleadError } from '../../kernel/errors.ts';
import type { Admission, HttpEnv } from '../http/admission.ts';
import { problemResponse } from '../http/problem.ts';
import { account } from './account.ts';
import { consent } from './consent.ts';
import type { PageDeps, SigninSurfaceDeps } from './deps.ts';
import { device } from './device.ts';
import { entry } from './entry.ts';
import { createForms } from './forms.ts';
import { invitation } from './invitation.ts';
import { createKnownBrowsers } from './known-browser.ts';
import { respond } from './layout.ts';
import { password } from './password.ts';
import { protocol } from './protocol.ts';
import { sso } from './sso.ts';
import { styleSheet } from './style.ts';

const refusals: Record<string, string> = {
  invalid_redirect: 'It wants the answer at an address that it did not register.',
  invalid_client: 'It is not known here.',
  client_disabled: 'It is not let in any more.',
  unauthorized_client: 'It may not sign people in this way.',
  unsupported_response_type: 'It asks for a kind of answer that is not given here.',
};

/** Pages and endpoints of the built-in sign-in. */
export function createSigninSurface(deps: SigninSurfaceDeps, admission: Admission): Hono<HttpEnv> {
  const { signin, log } = deps;
  const { paths } = signin;
  const app = new Hono<HttpEnv>();
  const cookies = { sign: deps.sign, path: paths.base, secure: signin.publicUrl.startsWith('https:') };
  const pages: PageDeps = {
    ...deps,
    admission,
    forms: createForms(cookies),
    browsers: createKnownBrowsers(cookies),
    async show(c, page) {
      const response = await respond(paths.style, page);
      for (const cookie of c.res.headers.getSetCookie()) response.headers.append('set-cookie', cookie);
      return response;
    },
    async visitor(c) {
      const cookie = c.req.header('cookie');
      // Most who come have none, and need not wait for the library.
      if (!cookie?.includes('fairlead.session_token')) return undefined;
      const visitor = await (await signin.server()).visitor({ cookie });
      if (!visitor) return undefined;
      await signin.roster.wake();
      if (signin.sso.counts(visitor)) return visitor;
      // The provider has to be asked again, or a password has ceased to count.
      await signin.sso.drop(visitor);
      return undefined;
    },
  };

  app.get(paths.style, (c) =>
    c.body(styleSheet, 200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=3600' }),
  );
  app.get(paths.error, (c) => {
    // By its code alone: the text beside it may be anybody's who makes a link.
    const fault = refusals[c.req.query('error') ?? ''] ?? 'What it asked for is not right.';
    return pages.show(c, {
      title: 'This program cannot sign you in',
      fault,
      content: html`<p>Nothing was changed. Go back to the program and begin again.</p>`,
      status: 400,
    });
  });
  protocol(app, pages);
  entry(app, pages);
  sso(app, pages);
  consent(app, pages);
  invitation(app, pages);
  device(app, pages);
  account(app, pages);
  password(app, pages);

  // A person reads a page, a program a problem.
  app.onError((error, c) => {
    const asked = c.req.header('accept')?.includes('text/html');
    if (!asked || !(error instanceof FairleadError)) return problemResponse(error, log, { signal: c.req.raw.signal });
    const { message, action, spec } = error;
    const content = html`<p>${action}</p>`;
    return pages.show(c, { title: 'This did not work', fault: message, content, status: spec.status });
  });
  return app;
}
