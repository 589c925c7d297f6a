import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';

interface SigningKey {
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  jwk: JWK & { kid: string; alg: string };
}

/** An authorization server as far as a resource server sees it: metadata and keys over HTTP, and tokens. */
export interface TestIssuer {
  /** Its name and base URL, on loopback. */
  url: string;
  /** What it serves; a test may change it at any time. */
  keys: SigningKey[];
  /** Paths asked for, in order. */
  asked: string[];
  /** Answers in place of the usual ones, by path. */
  answers: Map<string, (response: ServerResponse) => void>;
  addKey(kid: string, alg: string): Promise<SigningKey>;
  /** A token signed by the key (the first one by default); claims with the value undefined are left out. */
  token(
    claims?: Record<string, unknown>,
    options?: { key?: SigningKey; header?: Record<string, unknown> },
  ): Promise<string>;
  stop(): Promise<void>;
}

/** Signs for `audience` with RS256, an hour from now. The path becomes a part of its name. */
export async function openTestIssuer({
  audience,
  path = '',
}: {
  audience: string;
  path?: string;
}): Promise<TestIssuer> {
  const keys: SigningKey[] = [];
  const asked: string[] = [];
  const answers: TestIssuer['answers'] = new Map();
  const send = (response: ServerResponse, value: unknown) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const server = createServer((request, response) => {
    const asks = request.url ?? '';
    asked.push(asks);
    const answer = answers.get(asks);
    if (answer) answer(response);
    else if (asks === `/.well-known/oauth-authorization-server${path}`)
      send(response, { issuer: url, jwks_uri: `${origin}/jwks` });
    else if (asks === '/jwks') send(response, { keys: keys.map((key) => key.jwk) });
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}${path}`;

  async function addKey(kid: string, alg: string): Promise<SigningKey> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const key = { privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
    keys.push(key);
    return key;
  }
  await addKey('first', 'RS256');

  return {
    url,
    keys,
    asked,
    answers,
    addKey,
    async token(claims = {}, { key = keys[0], header = {} } = {}) {
      if (!key) throw new Error('the issuer has no key');
      const now = Math.floor(Date.now() / 1000);
      const all = { iss: url, aud: audience, sub: 'ada', iat: now, exp: now + 3600, ...claims };
      const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      return new SignJWT(present)
        .setProtectedHeader({ alg: key.jwk.alg, kid: key.jwk.kid, ...header })
        .sign(key.privateKey);
    },
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A key's public half as PEM, as an attacker can have it. */
export function publicPem(key: SigningKey): Promise<string> {
  return exportSPKI(key.publicKey);
}
