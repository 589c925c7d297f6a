import { type Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { anonymousPrincipal } from '../../capabilities/access/index.ts';
import type { Acts } from '../../capabilities/audit/index.ts';
import { type Connections, connectionPaths, type Pending, type Target } from '../../capabilities/credentials/index.ts';
import { principalOf, type Signin, type Visitor } from '../../capabilities/signin/index.ts';
import { FairleadError } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { clientMetadata } from '../../platform/oauth/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { Admission, HttpEnv } from '../http/admission.ts';
import { problemResponse } from '../http/problem.ts';
import { createForms } from '../signin/forms.ts';
import { type Page, respond } from '../signin/layout.ts';
import { perform } from '../signin/records.ts';
import { styleSheet } from '../signin/style.ts';

export interface ConnectionsSurfaceDeps {
  connections: Pick<Connections, 'flow' | 'finish' | 'pages'>;
  /** Undefined where the built-in sign-in is off: then the link alone says who somebody is. */
  signin: Signin | undefined;
  acts: Acts;
  log: Log;
  /** A keyed hash, for what a form brings back. */
  sign(text: string): string;
}

const base = '/auth/connections';
const stylePath = `${base}/style.css`;
const nonceCookie = 'fairlead.connect';
const nonceSeconds = 15 * 60;

/**
 * The pages by which somebody connects an account at an upstream. A person's link works only in a browser in which that
 * person is signed in, and the answer only in the browser that pressed the button: so nobody can be given another's
 * account, or give away their own, unnoticed.
 */
export function createConnectionsSurface(deps: ConnectionsSurfaceDeps, admission: Admission): Hono<HttpEnv> {
  const { connections, signin, acts, log, sign } = deps;
  const { flow, pages } = connections;
  const app = new Hono<HttpEnv>();
  const secure = pages.start.startsWith('https:');
  const forms = createForms({ sign: (text) => sign(`connections ${text}`), path: base, secure });

  const show = async (c: Context<HttpEnv>, page: Page) => {
    const response = await respond(stylePath, page);
    for (const cookie of c.res.headers.getSetCookie()) response.headers.append('set-cookie', cookie);
    return response;
  };

  const visitorOf = async (c: Context<HttpEnv>): Promise<Visitor | undefined> => {
    const cookie = c.req.header('cookie');
    if (!signin || !cookie?.includes('fairlead.session_token')) return undefined;
    const visitor = await (await signin.server()).visitor({ cookie });
    if (!visitor) return undefined;
    await signin.roster.wake();
    return signin.sso.counts(visitor) ? visitor : undefined;
  };

  /** Whether this browser is that of whoever the connection is for: the person, or a page that says what is wrong. */
  const claim = async (c: Context<HttpEnv>, pending: Pending): Promise<{ principal: Principal } | Response> => {
    const { org, subject, who } = pending;
    const isPerson = subject.startsWith('user:');
    if (!isPerson || !signin) return { principal: { ...anonymousPrincipal(org, 'viewer'), name: who } };
    const visitor = await visitorOf(c);
    if (!visitor) {
      const here = new URL(c.req.url);
      const to = `${here.pathname}${here.search}`;
      const signIn = `${signin.paths.signIn}?${new URLSearchParams({ to })}`;
      return here.pathname === connectionPaths.callback ? comeBack(c, pending, signIn) : c.redirect(signIn, 303);
    }
    // What this session opens: one of a provider opens its own organisation alone.
    const member = signin.sso.reach(visitor).find((one) => one.org === org);
    if (member && `user:${visitor.userId}` === subject) return { principal: principalOf(member) };
    return show(c, {
      title: 'This link is for somebody else',
      fault: `You are signed in as ${visitor.email}, and this link connects an account for another person.`,
      content: html`<p>Nothing was changed. If you were sent this link, do not go on: whoever opens it gives away
        access to their own account. If both are you, <a href="${signin.paths.account}">sign out</a> and open it again.</p>`,
      status: 403,
    });
  };

  /** Whoever comes back from the upstream, and is not signed in here any more. */
  const comeBack = (c: Context<HttpEnv>, { upstream, who, org }: Pending, signIn: string) =>
    show(c, {
      title: 'Sign in to finish',
      content: html`<p>You signed in at <strong>${upstream}</strong>, but you are not signed in to Fairlead in this browser any
          more. So it is not known yet that it is ${who}, of the organisation ${org}, who connects this account.</p>
        <p><a class="button" href="${signIn}">Sign in and connect it</a></p>
        <p class="soft">Nothing is connected until then. The upstream lets you wait for a few minutes only; if it takes longer,
          call the tool again for a new link.</p>`,
      status: 401,
    });

  const details = (pending: Pending, target: Target) => html`
    <dl>
      <dt>Upstream</dt> <dd>${pending.upstream} <code>${new URL(target.url).host}</code></dd>
      <dt>For</dt> <dd>${pending.who}, in the organisation ${pending.org}</dd>
      ${target.auth.scopes?.length ? html`<dt>What is asked for</dt> <dd>${target.auth.scopes.join(' ')}</dd>` : ''}
    </dl>`;

  const entry = (c: Context<HttpEnv>, pending: Pending, target: Target, fault?: string, status?: number) => {
    const here = new URL(c.req.url);
    const isPerson = pending.subject.startsWith('user:') && signin !== undefined;
    return show(c, {
      title: `Connect an account at ${pending.upstream}`,
      ...(fault === undefined ? {} : { fault }),
      ...(status === undefined ? {} : { status }),
      content: html`
        ${details(pending, target)}
        <p>You sign in at the upstream. Fairlead then calls it with your account whenever ${isPerson ? 'you or an agent of yours' : html`<strong>${pending.who}</strong>`} uses it.</p>
        ${
          isPerson
            ? html`<p class="soft">Go on only if you, or an agent of yours, asked for this just now.</p>`
            : isOutsider(pending)
              ? html`<p class="fault">${pending.who} comes with tokens of another server and has no session here, so this page
                cannot tell who sits at this browser: <strong>everything that ${pending.who} and their agents call will be done with
                the account that you sign in with.</strong> Go on only if that is you, and you asked for this link just now. If
                somebody sent it to you, close this page.</p>`
              : html`<p class="fault">${pending.who} is a key or a machine, not a person: <strong>everybody who has its
                credential will act with the account that you sign in with.</strong> Go on only if you asked for this
                link yourself, just now. If somebody sent it to you, close this page.</p>`
        }
        <form method="post" action="${here.pathname}${here.search}">
          ${forms.field(c)}
          <button type="submit">Go on to sign in</button>
        </form>
      `,
    });
  };

  const isOutsider = ({ subject }: Pending) => subject.startsWith('jwt:') || subject.startsWith('user:');

  const linkOf = (c: Context<HttpEnv>) => flow.look(c.req.query('id') ?? '', c.req.query('ticket') ?? '');

  app.get(stylePath, (c) =>
    c.body(styleSheet, 200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=3600' }),
  );

  // Fairlead's client-ID metadata document: by its address authorization servers know it.
  app.get(connectionPaths.document, (c) =>
    c.json(
      { client_id: pages.document, ...clientMetadata('Fairlead', [pages.callback], new URL(pages.document).origin) },
      200,
      {
        'cache-control': 'public, max-age=300',
      },
    ),
  );

  app.get(connectionPaths.start, async (c) => {
    const { pending, target } = await linkOf(c);
    const claimed = await claim(c, pending);
    return claimed instanceof Response ? claimed : entry(c, pending, target);
  });

  app.post(connectionPaths.start, async (c) => {
    const form = await forms.read(c);
    const { pending, target } = await linkOf(c);
    const claimed = await claim(c, pending);
    if (claimed instanceof Response) return claimed;
    if (!form) return entry(c, pending, target, 'This form was not from here, or too old. Try again.', 400);
    try {
      const { url, nonce } = await flow.begin(pending, target);
      setCookie(c, nonceCookie, nonce, {
        path: base,
        secure,
        httpOnly: true,
        sameSite: 'Lax',
        maxAge: nonceSeconds,
      });
      // Not a redirect: a form may lead only to where its page says, and that is known only now.
      return show(c, {
        title: `On to ${url.host}`,
        headers: { refresh: `1; url=${url.href}` },
        content: html`<p>You sign in at <code>${url.host}</code> and come back here.</p>
          <p><a href="${url.href}" rel="noreferrer" class="button">Go on</a></p>`,
      });
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      log.warn({ err: error, upstream: pending.upstream, org: pending.org }, 'a connection could not be begun');
      return entry(c, pending, target, `${error.message} ${error.action}`, error.spec.status);
    }
  });

  app.get(connectionPaths.callback, async (c) => {
    const query = new URL(c.req.url).searchParams;
    const nonce = getCookie(c, nonceCookie);
    const pending = await flow.answered(query, nonce);
    const claimed = await claim(c, pending);
    if (claimed instanceof Response) return claimed;
    const deed = {
      action: 'connections.connect',
      subject: pending.upstream,
      detail: { connection: pending.subject, who: pending.who },
    };
    const { account } = await perform(c, { acts, admission }, claimed.principal, deed, () =>
      connections.finish(query, nonce),
    );
    deleteCookie(c, nonceCookie, { path: base, secure });
    return show(c, {
      title: 'Connected',
      content: html`<p>${pending.who} uses <strong>${pending.upstream}</strong> with ${account ? html`the account <strong>${account}</strong>` : 'your account'} now.</p>
        <p>Go back to your agent, and let it try again. You can close this page.</p>`,
    });
  });

  // A person reads a page, a program a problem.
  app.onError((error, c) => {
    if (!c.req.header('accept')?.includes('text/html') || !(error instanceof FairleadError))
      return problemResponse(error, log, { signal: c.req.raw.signal });
    const { message, action, spec } = error;
    const content = html`<p>${action}</p>`;
    return show(c, { title: 'This did not work', fault: message, content, status: spec.status });
  });
  return app;
}
