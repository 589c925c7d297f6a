import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import type { Browser } from './signin.ts';

/** Free a moment ago: a provider and its client have to know each other's addresses before either is there. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Somebody whom the provider knows; by their name they sign in there. */
export interface Account {
  email?: string;
  email_verified?: boolean;
  name?: string;
  groups?: unknown;
  [claim: string]: unknown;
}

/** A real OpenID provider on 127.0.0.1: `oidc-provider`, with a sign-in page of its own that asks for a name alone. */
export interface TestProvider {
  /** Its issuer and base URL. */
  url: string;
  /** By the name that stands in `sub`; a test may change it at any time, and who is not there is disabled. */
  accounts: Map<string, Account>;
  /** Paths that were asked for, in order. */
  asked: string[];
  /**
   * Answers in place of the provider's own: by path, with the provider's answer at hand. Undefined lets it through.
   */
  tamper: Map<string, (request: IncomingMessage, response: ServerResponse) => void>;
  /** Signs with this key from now on; those before are not published any more. */
  rotate(): Promise<void>;
  /** Signs with the key that is published. */
  key(): { jwk: JWK & { kid: string } };
  /** Nobody answers until it is opened again. */
  close(): Promise<void>;
  reopen(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestProviderOptions {
  clients: Configuration['clients'];
  accounts?: Record<string, Account>;
  /** Claims go into the ID token instead of the userinfo answer. */
  inIdToken?: boolean;
  more?: Partial<Configuration>;
}

export async function openTestProvider(options: TestProviderOptions): Promise<TestProvider> {
  const accounts = new Map(Object.entries(options.accounts ?? {}));
  const asked: string[] = [];
  const tamper: TestProvider['tamper'] = new Map();
  let handle: (request: IncomingMessage, response: ServerResponse) => unknown = (_, response) => response.end();
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    asked.push(path);
    const instead = tamper.get(path);
    if (instead) instead(request, response);
    else void handle(request, response);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  let signing = await newKey('first');

  function open(): void {
    const provider = new Provider(url, {
      clients: options.clients ?? [],
      jwks: { keys: [signing] },
      claims: {
        openid: ['sub', 'sid'],
        email: ['email', 'email_verified'],
        profile: ['name'],
        groups: ['groups', '_claim_names'],
      },
      scopes: ['openid', 'offline_access', 'email', 'profile', 'groups'],
      conformIdTokenClaims: options.inIdToken !== true,
      cookies: { keys: ['a key of the test'] },
      // Its own has a dispatcher of the undici that it finds, which is not the one that Node's fetch takes.
      fetch(input: string | URL | Request, init: RequestInit = {}) {
        const { dispatcher: _, ...rest } = init as RequestInit & { dispatcher?: unknown };
        return fetch(input, rest);
      },
      pkce: { required: () => true },
      responseTypes: ['code'],
      ttl: { AccessToken: 600, IdToken: 600, Interaction: 600, Session: 3600, Grant: 3600 } as never,
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: {
          enabled: true,
          logoutSource(ctx, form) {
            ctx.body = `<html><body>${form.replace('id="op.logoutForm" ', '').replace('</form>', '<button name="logout" value="yes">Sign out there, too</button></form>')}</body></html>`;
          },
        },
        backchannelLogout: { enabled: true },
        ...options.more?.features,
      },
      interactions: { url: (_, { uid }) => `/login/${uid}` },
      findAccount: (_, sub) => {
        const account = accounts.get(sub);
        return account && { accountId: sub, claims: () => ({ sub, ...account }) };
      },
      async loadExistingGrant(ctx) {
        const { client, session, params, provider: op } = ctx.oidc;
        const known = session?.grantIdFor(client?.clientId ?? '');
        const grant =
          (known && (await op.Grant.find(known))) ||
          new op.Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' });
        grant.addOIDCScope(String(params?.scope ?? 'openid'));
        const resource = params?.resource;
        if (typeof resource === 'string') grant.addResourceScope(resource, String(params?.scope ?? ''));
        await grant.save();
        return grant;
      },
      ...Object.fromEntries(Object.entries(options.more ?? {}).filter(([name]) => name !== 'features')),
    });

    const callback = provider.callback();
    handle = async (request, response) => {
      const login = /^\/login\/([\w-]+)$/.exec(request.url ?? '');
      if (!login) return callback(request, response);
      if (request.method === 'GET') {
        const page = `<form method="post" action="${request.url}"><input name="login" /><button>Sign in</button></form>`;
        return response.writeHead(200, { 'content-type': 'text/html' }).end(`<html><body>${page}</body></html>`);
      }
      let body = '';
      for await (const chunk of request) body += chunk;
      const name = new URLSearchParams(body).get('login') ?? '';
      const result = accounts.has(name)
        ? { login: { accountId: name }, consent: {} }
        : { error: 'access_denied', error_description: 'there is no such account' };
      return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    };
  }
  open();

  return {
    url,
    accounts,
    asked,
    tamper,
    async rotate() {
      signing = await newKey(`key ${Math.random()}`);
      open();
    },
    key: () => ({ jwk: signing }),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
    reopen: () => listen(port),
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function newKey(kid: string): Promise<JWK & { kid: string }> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' };
}

/** The browser is at the provider's sign-in page, or is sent on from there since it was signed in before. */
export async function atProvider(browser: Browser, name: string): Promise<Browser> {
  return /\/login\//.test(browser.page.url.pathname) ? browser.submit({ login: name }) : browser;
}
