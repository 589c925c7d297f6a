import { createServer, request as forward, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';
import { serveHttpFixture } from './fixtures/servers/http.ts';
import type { Browser } from './signin.ts';

/** A request as it came to the upstream. */
export interface Heard {
  rpc: string | undefined;
  /** Whose token it carried, by the word of the provider. */
  account: string | undefined;
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

/** An MCP server that people use with accounts of their own, and the authorization server that it names. */
export interface PeopleUpstream {
  url: string;
  issuer: string;
  heard: Heard[];
  /** What the token endpoint was asked for, in order: the grant type, and a refresh token where one came. */
  asked: { grant: string; refreshToken?: string; status: number }[];
  /** Lets the provider sign somebody in without a form. */
  account: string;
  /** Seconds that access tokens live. */
  tokenSeconds: number;
  /** Holds answers of the token endpoint back. */
  holdTokens(): () => void;
  /** Ends every access token now. */
  endTokens(): Promise<void>;
  /** Takes back whatever was granted: no refresh token counts any more. */
  endGrants(): Promise<void>;
  /** So many answers of the token endpoint get lost on their way, after it has done its work. */
  cutTokens: number;
  /** The provider says no to whoever signs in. */
  refuse: boolean;
  /** Names this as its authorization server instead of its own. */
  names: string | undefined;
  /** Wants this scope for calls of tools, and says so. */
  wantsScope: string | undefined;
  stop(): Promise<void>;
}

/**
 * Both on loopback: `oidc-provider` with registration, rotation of refresh tokens and revocation, and a fixture behind it.
 * Beside that, `/api/whoami` says whose token it got.
 *
 * @param reach knows clients by their metadata documents alone instead, and says where those really are
 */
export async function servePeopleUpstream({
  eras = 'both' as 'legacy' | 'modern' | 'both',
  rotate = true,
  reach = undefined as ((url: string) => string) | undefined,
} = {}): Promise<PeopleUpstream> {
  const fixture = await serveHttpFixture(eras);
  const heard: Heard[] = [];
  const asked: PeopleUpstream['asked'] = [];
  let held: Promise<void> | undefined;
  const tokens = new Set<string>();
  const world: PeopleUpstream = {
    url: '',
    issuer: '',
    heard,
    asked,
    account: 'nobody',
    tokenSeconds: 3600,
    cutTokens: 0,
    async endGrants() {
      for (const token of tokens) {
        const known = await provider.AccessToken.find(token);
        if (known?.grantId) await (await provider.Grant.find(known.grantId))?.destroy();
      }
      await world.endTokens();
    },
    refuse: false,
    names: undefined,
    wantsScope: undefined,
    holdTokens() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        held = undefined;
        resolve();
      };
    },
    async endTokens() {
      for (const token of tokens) await (await provider.AccessToken.find(token))?.destroy();
      tokens.clear();
    },
    stop: async () => undefined,
  };

  const idp = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', world.issuer);
    if (url.pathname.startsWith('/interaction/')) return interact(request, response);
    if (url.pathname === '/token') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      Object.assign(request, { body: Object.fromEntries(form) });
      await held;
      const entry = { grant: form.get('grant_type') ?? '', status: 0 };
      const token = form.get('refresh_token');
      if (token !== null) Object.assign(entry, { refreshToken: token });
      asked.push(entry);
      if (entry.grant === 'refresh_token' && world.cutTokens-- > 0) {
        response.end = ((..._: unknown[]) => response.destroy()) as never;
        response.write = (() => true) as never;
      }
      response.on('finish', () => {
        entry.status = response.statusCode;
      });
    }
    return provider.callback()(request, response);
  });
  const front = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { pathname } = new URL(request.url ?? '/', world.url);
    if (pathname === '/.well-known/oauth-protected-resource/mcp') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          resource: world.url,
          authorization_servers: [world.names ?? world.issuer],
          scopes_supported: ['read'],
          bearer_methods_supported: ['header'],
        }),
      );
      return;
    }
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const known = token === undefined ? undefined : await provider.AccessToken.find(token).catch(() => undefined);
    if (token !== undefined) tokens.add(token);
    const rpc = /"method":"([^"]+)"/.exec(body.toString('utf8'))?.[1];
    const entry: Heard = {
      rpc,
      account: known?.accountId,
      status: 200,
      headers: request.headers,
      body: body.toString('utf8'),
    };
    heard.push(entry);
    const metadata = `resource_metadata="${new URL('/.well-known/oauth-protected-resource/mcp', world.url).href}"`;
    const scopes = known ? [...(known.scopes ?? [])] : [];
    const audience = known?.aud;
    if (!known || (audience !== undefined && ![audience].flat().includes(world.url))) {
      entry.status = 401;
      const error = token === undefined ? '' : 'error="invalid_token", ';
      response.writeHead(401, { 'www-authenticate': `Bearer ${error}${metadata}` }).end();
    } else if (world.wantsScope !== undefined && rpc === 'tools/call' && !scopes.includes(world.wantsScope)) {
      entry.status = 403;
      const challenge = `Bearer error="insufficient_scope", scope="${world.wantsScope}", ${metadata}`;
      response.writeHead(403, { 'www-authenticate': challenge }).end();
    } else if (pathname === '/api/whoami') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ account: known.accountId }));
    } else {
      const behind = forward(fixture.url, { method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      behind.on('error', () => response.destroy());
      response.on('close', () => behind.destroy());
      behind.end(body);
    }
  });
  world.issuer = `http://127.0.0.1:${await listen(idp)}`;
  world.url = `http://127.0.0.1:${await listen(front)}/mcp`;

  const configuration: Configuration = {
    scopes: ['openid', 'offline_access', 'read', 'write'],
    claims: { openid: ['sub', 'email'], email: ['email'] },
    pkce: { required: () => true },
    rotateRefreshToken: () => rotate,
    issueRefreshToken: async () => true,
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, email: `${id}@idp.example` }) }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: () => world.tokenSeconds, RefreshToken: 86_400, Grant: 86_400, Session: 600, Interaction: 600 },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: reach === undefined },
      ...(reach ? { clientIdMetadataDocument: { enabled: true, ack: 'draft-02' } } : {}),
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => world.url,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: 'read write', accessTokenFormat: 'opaque', audience: world.url }),
      },
    },
  };
  // Its way to an address, in the place of a name service; what it would not fetch from this machine it fetches here.
  const fetchAt = (url: string | URL, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown } = {}) =>
    fetch(reach?.(String(url)) ?? url, options);
  const provider = new Provider(world.issuer, { ...configuration, ...(reach ? { fetch: fetchAt as never } : {}) });

  async function interact(request: IncomingMessage, response: Parameters<ReturnType<Provider['callback']>>[1]) {
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    if (world.refuse) {
      await provider.interactionFinished(request, response, { error: 'access_denied' });
    } else if (prompt.name === 'login') {
      const result = { login: { accountId: world.account, remember: false } };
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    } else {
      const grant = new provider.Grant({
        accountId: session?.accountId ?? world.account,
        clientId: String(params.client_id),
      });
      const scope = String(params.scope ?? '');
      grant.addOIDCScope(scope);
      grant.addResourceScope(world.url, scope);
      const result = { consent: { grantId: await grant.save() } };
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
    }
  }

  world.stop = async () => {
    for (const server of [idp, front]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await fixture.stop();
  };
  return world;
}

/**
 * Signs in at the provider as a browser would that was sent there, in a jar of cookies of its own. Resolves to where the
 * browser is sent back to.
 */
export async function signInAtProvider(authorizationUrl: string, origin: string): Promise<string> {
  const jar = new Map<string, string>();
  let url = new URL(authorizationUrl);
  for (let hops = 0; hops < 15; hops++) {
    if (url.origin === origin) return url.href;
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie, accept: 'text/html' } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`the provider answers ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
  }
  throw new Error('the provider sends the browser in circles');
}

/** Opens a link of ours, presses the button, signs in at the provider as `account`, and comes back. */
export async function connectBy(
  browser: Browser,
  link: string,
  upstream: PeopleUpstream,
  account: string,
): Promise<Browser> {
  await browser.open(link);
  await browser.submit({}, '/auth/connections/start');
  const onward = /<a href="([^"]+)" rel/.exec(browser.page.text)?.[1]?.replaceAll('&amp;', '&');
  if (onward === undefined) throw new Error(browser.page.text);
  upstream.account = account;
  return browser.open(await signInAtProvider(onward, new URL(link).origin));
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
