import { createHash, randomBytes } from 'node:crypto';
import {
  Client,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import type { CallerEra } from './clients.ts';
import type { Fairlead } from './harness.ts';

/** A browser without scripts: it keeps cookies, follows links and sends forms. */
export interface Browser {
  /** The page that is shown, its address after all redirects, and the status it came with. */
  page: { url: URL; status: number; text: string; headers: Headers };
  open(url: string | URL): Promise<Browser>;
  /** Fills in the page's form, or the one that leads to `to`, and sends it. */
  submit(fields: Record<string, string>, to?: string): Promise<Browser>;
  cookies: Map<string, { value: string; attributes: string }>;
  /** Sent with every request. */
  headers: Record<string, string>;
}

/**
 * Redirects out of `origin`, and of those that it knows besides, are not followed: then the page is the address itself,
 * without a text.
 */
export function openBrowser(origin: string, besides: readonly string[] = []): Browser {
  async function go(target: URL, init: { method?: string; body?: string } = {}): Promise<Browser> {
    let url = target;
    let request = init;
    for (let hops = 0; hops < 10; hops++) {
      if (url.origin !== origin && !besides.includes(url.origin)) {
        browser.page = { url, status: 0, text: '', headers: new Headers() };
        return browser;
      }
      const cookie = [...browser.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');
      const response = await fetch(url, {
        ...request,
        redirect: 'manual',
        headers: {
          accept: 'text/html',
          ...(cookie ? { cookie } : {}),
          ...(request.body === undefined
            ? {}
            : { origin: url.origin, 'content-type': 'application/x-www-form-urlencoded' }),
          ...browser.headers,
        },
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*);?(.*)$/.exec(line) ?? [];
        if (value === '' || /max-age=0/i.test(attributes)) browser.cookies.delete(name);
        else browser.cookies.set(name, { value, attributes });
      }
      const location = response.headers.get('location');
      if (response.status >= 300 && response.status < 400 && location !== null) {
        url = new URL(location, url);
        request = {};
        continue;
      }
      browser.page = { url, status: response.status, text: await response.text(), headers: response.headers };
      return browser;
    }
    throw new Error(`too many redirects, the last to ${url.pathname}`);
  }

  const browser: Browser = {
    page: { url: new URL(origin), status: 0, text: '', headers: new Headers() },
    cookies: new Map(),
    headers: {},
    open: (url) => go(new URL(url, origin)),
    submit(fields, to = '') {
      const { text, url } = browser.page;
      const forms = [...text.matchAll(/<form method="post" action="([^"]*)">([\s\S]*?)<\/form>/g)];
      const found = forms.find(([, action = '']) => action.includes(to));
      if (!found)
        throw new Error(`no form on the page ${url.pathname} (${browser.page.status}): ${text.slice(0, 2_000)}`);
      const [, action = '', inside = ''] = found;
      const body = new URLSearchParams();
      for (const [tag] of inside.matchAll(/<input[^>]*>/g)) {
        const attribute = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
        const name = attribute('name');
        if (name !== undefined) body.set(name, unescaped(attribute('value') ?? ''));
      }
      for (const [name, value] of Object.entries(fields)) body.set(name, value);
      return go(new URL(unescaped(action), url), { method: 'POST', body: body.toString() });
    },
  };
  return browser;
}

const unescaped = (text: string) =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

export const goodPassword = 'four plain words here';

/** Somebody who was invited and has chosen a password; the browser is signed in. */
export async function invited(
  fairlead: Fairlead,
  email: string,
  { role = 'developer', teams = [] as string[], org = 'default' } = {},
): Promise<{ id: string; browser: Browser }> {
  const made = await fairlead.request(`/api/v1/users/invitations?org=${org}`, { json: { email, role, teams } });
  if (made.status !== 201) throw new Error(await made.text());
  const browser = await openBrowser(fairlead.url).open((await made.json()).link);
  await browser.submit({ name: email.split('@')[0] ?? '', password: goodPassword });
  if (browser.page.url.pathname !== '/auth/account') throw new Error(browser.page.text);
  const { users } = await (await fairlead.request(`/api/v1/users?org=${org}`)).json();
  return { id: users.find((user: { email: string }) => user.email === email).id, browser };
}

/** What an MCP client on somebody's computer keeps of its sign-in. */
export interface Keeper extends OAuthClientProvider {
  kept: {
    client?: Record<string, unknown>;
    tokens?: { access_token: string; refresh_token?: string; scope?: string };
    asked?: URL;
    verifier: string;
  };
}

export const callback = 'http://127.0.0.1:33418/callback';

export function keeper(more: { clientMetadataUrl?: string; metadata?: Partial<OAuthClientMetadata> } = {}): Keeper {
  const kept: Keeper['kept'] = { verifier: '' };
  let discovery: OAuthDiscoveryState | undefined;
  return {
    kept,
    redirectUrl: callback,
    ...(more.clientMetadataUrl === undefined ? {} : { clientMetadataUrl: more.clientMetadataUrl }),
    clientMetadata: { client_name: 'Test client', redirect_uris: [callback], ...more.metadata },
    state: () => 'a-state',
    clientInformation: () => kept.client as never,
    saveClientInformation(client) {
      kept.client = client as never;
    },
    tokens: () => kept.tokens as never,
    saveTokens(tokens) {
      kept.tokens = tokens as never;
    },
    redirectToAuthorization(url) {
      kept.asked = url;
    },
    saveDiscoveryState(state) {
      discovery = state;
    },
    discoveryState: () => discovery,
    saveCodeVerifier(verifier) {
      kept.verifier = verifier;
    },
    codeVerifier: () => kept.verifier,
  };
}

/** The official client with only the URL: `decide` is what the person does in the browser that it opens. */
export async function signInWith(
  url: string,
  era: CallerEra,
  provider: Keeper,
  decide: (asked: URL) => Promise<URL>,
): Promise<Client> {
  const connect = async () => {
    const client = new Client(
      { name: `test ${era}`, version: '1.0.0' },
      { versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' } },
    );
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
    return { client, transport };
  };
  const first = await connect();
  try {
    await first.client.connect(first.transport);
    return first.client;
  } catch (error) {
    if (!(error instanceof UnauthorizedError) || !provider.kept.asked) throw error;
  }
  const back = await decide(provider.kept.asked);
  await first.transport.finishAuth(back.searchParams);
  await first.client.close().catch(() => undefined);
  const second = await connect();
  await second.client.connect(second.transport);
  return second.client;
}

export interface TokenAnswer {
  status: number;
  body: { access_token: string; refresh_token: string; scope: string; expires_in: number; error?: string };
}

/** The token endpoint, asked by hand. */
export async function askToken(fairlead: Fairlead, form: Record<string, string>): Promise<TokenAnswer> {
  const response = await fetch(`${fairlead.url}/auth/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  return { status: response.status, body: (await response.json()) as TokenAnswer['body'] };
}

/** A program registered by hand; resolves to its id. */
export async function register(fairlead: Fairlead, more: Record<string, unknown> = {}): Promise<string> {
  const json = { client_name: 'By hand', redirect_uris: [callback], ...more };
  const response = await fairlead.request('/auth/oauth2/register', { key: null, json });
  if (response.status !== 201) throw new Error(await response.text());
  return (await response.json()).client_id;
}

/** The way of a program by hand, in a browser that is signed in: what it asks for, allowed, and its tokens. */
export async function tokensFor(
  fairlead: Fairlead,
  browser: Browser,
  { scope = '', clientId = '', fields = {} as Record<string, string> } = {},
): Promise<TokenAnswer['body'] & { clientId: string }> {
  const id = clientId || (await register(fairlead));
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: id,
    redirect_uri: callback,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'a-state',
    resource: `${fairlead.url}/mcp`,
    ...(scope ? { scope } : {}),
  });
  await browser.open(`/auth/oauth2/authorize?${query}`);
  if (browser.page.url.pathname === '/auth/consent') await browser.submit({ answer: 'allow', ...fields });
  const code = browser.page.url.searchParams.get('code');
  if (code === null) throw new Error(`${browser.page.url.href}: ${browser.page.text}`);
  const { status, body } = await askToken(fairlead, {
    grant_type: 'authorization_code',
    code,
    client_id: id,
    redirect_uri: callback,
    code_verifier: verifier,
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return { ...body, clientId: id };
}
