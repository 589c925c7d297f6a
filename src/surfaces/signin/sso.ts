import type { Context, Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { type Arrival, principalOf, SsoFailed, type Visitor } from '../../capabilities/signin/index.ts';
import { FairleadError, NotFound } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { readText } from '../../platform/http/index.ts';
import type { HttpEnv } from '../http/admission.ts';
import { memberAlready } from './already.ts';
import type { PageDeps } from './deps.ts';
import type { Markup } from './layout.ts';
import { nextOf } from './onward.ts';
import { nobody, note } from './records.ts';

const cookiePrefix = 'fairlead.sso.';
const flowSeconds = 600;
/** Of one browser at a time: more would be longer than a server takes headers. */
const maxFlows = 4;
const maxLogoutBytes = 32 * 1024;

/** Links by which a person goes to the provider of their organisation, on with what they came for. */
export function ssoButtons(
  { signin: { sso, paths } }: Pick<PageDeps, 'signin'>,
  query: URLSearchParams,
  org?: string,
): Markup | '' {
  const buttons = sso.buttons(org);
  if (buttons.length === 0) return '';
  const rest = query.size > 0 ? `?${query}` : '';
  return html`${buttons.map(
    ({ name, title }) => html`<p><a class="button" href="${paths.sso}/${name}${rest}">Sign in with ${title}</a></p>`,
  )}`;
}

/** The way to a provider and back, and the way by which a provider signs people out. */
export function sso(app: Hono<HttpEnv>, deps: PageDeps): void {
  const { signin, admission, show, log } = deps;
  const { sso, paths, limits, roster } = signin;
  const secure = signin.publicUrl.startsWith('https:');
  const cookie = { path: paths.sso, secure, httpOnly: true, sameSite: 'Lax' as const };

  const failed = (c: Context<HttpEnv>, error: FairleadError, org?: string, more: Markup | '' = '') =>
    show(c, {
      title: 'You were not signed in',
      fault: error.message,
      status: error.spec.status,
      ...(error.retryAfterSeconds === undefined ? {} : { headers: { 'retry-after': String(error.retryAfterSeconds) } }),
      content: html`<p>${error.action}</p>
        ${more}
        <p><a href="${paths.signIn}${org === undefined ? '' : `?org=${org}`}">To the sign-in page</a></p>`,
    });

  app.get(`${paths.sso}/:name`, async (c) => {
    const name = c.req.param('name');
    const query = new URL(c.req.url).searchParams;
    const invitation = query.get('invitation') ?? undefined;
    try {
      const next = invitation === undefined ? nextOf(query, deps) : paths.account;
      const begun = await sso.begin(
        name,
        { next, ...(invitation === undefined ? {} : { invitation }) },
        query.has('again'),
      );
      if (!begun) throw NotFound({ what: 'provider', id: name });
      const held = [...(c.req.header('cookie') ?? '').matchAll(/(?:^|; *)(fairlead\.sso\.[\w-]+)=/g)].map(
        ([, one]) => one ?? '',
      );
      for (const old of held.slice(0, Math.max(0, held.length - maxFlows + 1)))
        setCookie(c, old, '', { ...cookie, maxAge: 0 });
      setCookie(c, `${cookiePrefix}${begun.id}`, begun.sealed, { ...cookie, maxAge: flowSeconds });
      return c.redirect(begun.url.href, 303);
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      log.warn({ err: error, provider: name }, 'a sign-in by a provider could not begin');
      return failed(c, error);
    }
  });

  app.get(`${paths.sso}/:name/callback`, async (c) => {
    const name = c.req.param('name');
    const { search, searchParams } = new URL(c.req.url);
    const address = admission.address(c);
    const id = sso.idOf(searchParams);
    const held = id === undefined ? undefined : getCookie(c, `${cookiePrefix}${id}`);
    const org = sso.buttons().find((one) => one.name === name)?.org;
    // Once only, whatever comes of it.
    if (id !== undefined) setCookie(c, `${cookiePrefix}${id}`, '', { ...cookie, maxAge: 0 });
    const deed = { action: 'signin.sso', subject: org === undefined ? '-' : name };
    try {
      await limits.count({ address });
      await roster.wake();
      const arrival = await sso.finish(name, held, search, {
        address,
        userAgent: c.req.header('user-agent'),
        cookie: c.req.header('cookie'),
      });
      await record(c, deps, name, arrival);
      if ('refused' in arrival) {
        // The provider knows the browser, and would answer the same at once.
        const again = html`<p><a href="${paths.sso}/${name}?again">Sign in there as somebody else</a></p>`;
        return failed(c, arrival.refused, arrival.org, again);
      }
      await limits.arrived(address);
      for (const line of arrival.cookies) c.header('set-cookie', line, { append: true });
      if (arrival.unused) return show(c, memberAlready(arrival.unused, arrival.member, deps));
      return c.redirect(arrival.next, 303);
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      log.warn({ err: error, provider: deed.subject }, 'a sign-in by a provider failed');
      // What no browser of ours began may come by the thousand: it is in the log alone.
      if (held !== undefined) await note(c, deps, { ...nobody, org: org ?? nobody.org }, deed, error);
      return failed(c, error, org);
    }
  });

  app.post(`${paths.sso}/:name/logout`, async (c) => {
    const name = c.req.param('name');
    const answer = (status: 200 | 400 | 501, description?: string) =>
      c.json(description === undefined ? {} : { error: 'invalid_request', error_description: description }, status, {
        'cache-control': 'no-store',
      });
    try {
      await limits.count({ address: admission.address(c) });
      const text = await readText(c.req.raw, maxLogoutBytes);
      const token = new URLSearchParams(text ?? '').get('logout_token') ?? '';
      const ended = await sso.logout(name, token);
      if (!ended) return answer(400, 'there is no such provider');
      await limits.arrived(admission.address(c));
      for (const member of ended.members) {
        await note(c, deps, principalOf(member), { action: 'signin.sso.logout', subject: name });
      }
      return answer(200);
    } catch (error) {
      if (!SsoFailed.is(error)) throw error;
      log.warn({ err: error, provider: name }, 'a logout token was refused');
      return answer(400, 'the logout token does not hold');
    }
  });
}

/** Where a browser goes that signed out here: to the provider, if it came from one that wants to know. */
export async function signOutTarget(deps: PageDeps, visitor: Visitor | undefined): Promise<string> {
  const { signin } = deps;
  const back = new URL(signin.paths.signIn, signin.publicUrl).href;
  const there = visitor && (await signin.sso.signOutUrl(visitor, back));
  return there?.href ?? signin.paths.signIn;
}

/** Sign-in, and what it changed: each is a record of its own. */
async function record(c: Context<HttpEnv>, deps: PageDeps, name: string, arrival: Arrival): Promise<void> {
  const { org, subject, member } = arrival;
  const stranger: Principal = { ...nobody, org };
  const principal = member ? principalOf(member) : stranger;
  const detail = { provider: name, subject };
  if ('refused' in arrival) {
    if (arrival.lost) await note(c, deps, principal, { action: 'signin.sso.suspend', subject: name, detail });
    await note(c, deps, principal, { action: 'signin.sso', subject: name, detail }, arrival.refused);
    return;
  }
  const { role, teams } = arrival.member;
  if (arrival.by !== 'identity') {
    const how = { ...detail, by: arrival.by, role, teams };
    await note(c, deps, principal, { action: 'signin.sso.join', subject: arrival.member.email, detail: how });
  } else if (arrival.before) {
    const change = { ...detail, role, teams, before: { ...arrival.before } };
    await note(c, deps, principal, { action: 'signin.sso.rights', subject: arrival.member.email, detail: change });
  }
  await note(c, deps, principal, { action: 'signin.sso', subject: name, detail });
}
