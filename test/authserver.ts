import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';

/** What a token of this server stands for. */
export interface Issued {
  /** The subject, or the client where nobody is behind it. */
  sub: string;
  client: string;
  resource: string | null;
  scope: string | null;
  grant: string;
  /** Who acts for the subject. */
  actor: string | undefined;
}

/**
 * A small, strict authorization server of the tests' own, for what `oidc-provider` has no grant for: token exchange
 * (RFC 8693). It takes a subject's token only from issuers that it trusts, and an assertion only if it is meant for this
 * server and was not handed in before.
 */
export interface ExchangeServer {
  url: string;
  /** Every token that counts. */
  tokens: Map<string, Issued>;
  /** Forms that came to the token endpoint. */
  asked: URLSearchParams[];
  /** Whose tokens are taken, with where their keys are. */
  trust(issuer: string, jwksUri: string): void;
  /** Authorizations for other apps (ID-JAG) that it gave as an identity provider, and whom each is for. */
  grants: Map<string, { sub: string; audience: string | null; resource: string | null }>;
  /** The identity provider whose authorizations it takes. */
  provider: ExchangeServer | undefined;
  /** Scopes that may be asked for; anything, where undefined. */
  scopes: string[] | undefined;
  /** Seconds that tokens live. */
  tokenSeconds: number;
  /** Answers with this error instead. */
  refuses: { status: number; error: string } | undefined;
  stop(): Promise<void>;
}

const idJag = 'urn:ietf:params:oauth:token-type:id-jag';
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';

export async function serveExchange(clients: Record<string, string>): Promise<ExchangeServer> {
  const trusted = new Map<string, ReturnType<typeof createRemoteJWKSet>>();
  const seen = new Set<string>();
  const world: ExchangeServer = {
    url: '',
    tokens: new Map(),
    asked: [],
    trust: (issuer, jwksUri) => void trusted.set(issuer, createRemoteJWKSet(new URL(jwksUri))),
    grants: new Map(),
    provider: undefined,
    scopes: undefined,
    tokenSeconds: 3600,
    refuses: undefined,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  const server = createServer(async (request, response) => {
    if (request.url === '/.well-known/oauth-authorization-server') {
      return answer(response, 200, {
        issuer: world.url,
        token_endpoint: `${world.url}/token`,
        authorization_endpoint: `${world.url}/authorize`,
        response_types_supported: ['code'],
        grant_types_supported: [exchange, 'client_credentials'],
        token_endpoint_auth_methods_supported: ['client_secret_basic'],
      });
    }
    if (request.url !== '/token' || request.method !== 'POST') return response.writeHead(404).end();
    const form = new URLSearchParams(await read(request));
    world.asked.push(form);
    if (world.refuses) return answer(response, world.refuses.status, { error: world.refuses.error });
    const client = clientOf(request.headers.authorization, clients);
    if (!client) return answer(response, 401, { error: 'invalid_client' });
    const asked = form.get('scope')?.split(' ') ?? [];
    if (world.scopes && !asked.every((each) => world.scopes?.includes(each))) {
      return answer(response, 400, { error: 'invalid_scope' });
    }
    try {
      const issued = await grant(form, client);
      const token = randomBytes(24).toString('base64url');
      if (form.get('requested_token_type') === idJag) {
        const { sub, resource } = issued;
        world.grants.set(token, { sub, resource, audience: form.get('audience') });
        return answer(response, 200, { access_token: token, token_type: 'N_A', issued_token_type: idJag });
      }
      world.tokens.set(token, issued);
      return answer(response, 200, {
        access_token: token,
        token_type: 'Bearer',
        expires_in: world.tokenSeconds,
        ...(issued.grant === exchange
          ? { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }
          : undefined),
      });
    } catch (error) {
      return answer(response, 400, { error: 'invalid_grant', error_description: String(error) });
    }
  });

  async function grant(form: URLSearchParams, client: string): Promise<Issued> {
    const kind = form.get('grant_type') ?? '';
    const what = { client, resource: form.get('resource'), scope: form.get('scope'), grant: kind };
    if (kind === 'client_credentials') return { ...what, sub: client, actor: undefined };
    if (kind === 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
      const assertion = form.get('assertion') ?? '';
      const granted = world.provider?.grants.get(assertion);
      world.provider?.grants.delete(assertion); // good for once
      if (granted?.audience !== world.url) throw new Error('it is not for this server');
      return { ...what, sub: granted.sub, resource: granted.resource, actor: undefined };
    }
    if (kind !== exchange) throw new Error('no such grant');
    const token = form.get('subject_token') ?? '';
    const type = form.get('subject_token_type');
    const issuer = decodeJwt(token).iss ?? '';
    const keys = trusted.get(issuer);
    if (!keys) throw new Error('nobody trusts that issuer');
    if (type === 'urn:ietf:params:oauth:token-type:access_token') {
      const { payload } = await jwtVerify(token, keys, { issuer });
      return { ...what, sub: String(payload.sub), actor: undefined };
    }
    if (type !== 'urn:ietf:params:oauth:token-type:jwt') throw new Error('no such kind of token');
    const { payload } = await jwtVerify(token, keys, { issuer, audience: world.url, maxTokenAge: '5 minutes' });
    if (decodeProtectedHeader(token).typ === 'at+jwt') throw new Error('an access token is no assertion');
    if (payload.jti === undefined || seen.has(payload.jti)) throw new Error('it was handed in before');
    seen.add(payload.jti);
    const act = payload.act as { sub: string } | undefined;
    return { ...what, sub: String(payload.sub), actor: act?.sub };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  world.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return world;
}

function clientOf(header: string | undefined, clients: Record<string, string>): string | undefined {
  const pair = Buffer.from(header?.replace(/^Basic /, '') ?? '', 'base64').toString();
  const [id = '', secret] = pair.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
  return secret !== undefined && clients[id] === secret ? id : undefined;
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
