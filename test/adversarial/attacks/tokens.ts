import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { publicPem, type TestIssuer } from '../../issuer.ts';
import { type Attack, refused } from '../attack.ts';
import type { World } from '../world.ts';

type Make = (world: World) => string | Promise<string>;

const hour = () => Math.floor(Date.now() / 1000) + 3600;
const claimsOf = (issuer: TestIssuer, more: object = {}) => ({
  iss: issuer.url,
  aud: 'fairlead',
  sub: 'ada',
  roles: ['admin'],
  iat: Math.floor(Date.now() / 1000),
  exp: hour(),
  ...more,
});
const keyOf = (issuer: TestIssuer) => {
  const [key] = issuer.keys;
  if (!key) throw new Error('the issuer has no key');
  return key;
};
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const admin = { roles: ['admin'] };

/** A header as it stands before claims of an administrator, with a signature of the issuer's own that was made for others. */
const borrowed =
  (header: object, claims: object = {}): Make =>
  async ({ ours }) => {
    const [, , signature] = (await ours.token()).split('.');
    return `${part(header)}.${part(claimsOf(ours, claims))}.${signature}`;
  };

/** Signed with a key that nobody has heard of, which the header says where to find. */
const ownKey =
  (header: (world: World, jwk: object) => object): Make =>
  async (world) => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'first', alg: 'RS256' };
    return new SignJWT(claimsOf(world.ours))
      .setProtectedHeader({ alg: 'RS256', ...header(world, jwk) } as never)
      .sign(privateKey);
  };

const symmetric =
  (alg: string, secretOf: (issuer: TestIssuer) => string | Promise<string>): Make =>
  async ({ ours }) =>
    new SignJWT(claimsOf(ours))
      .setProtectedHeader({ alg, kid: 'first' })
      .sign(new TextEncoder().encode((await secretOf(ours)).padEnd(64, ' ')));

const signed =
  (claims: object, header: object = {}): Make =>
  ({ ours }) =>
    ours.token({ ...admin, ...claims }, { header: header as Record<string, unknown> });

const trapUrl = ({ trap }: World) => `http://127.0.0.1:${trap.port}/jwks`;

const forged: Record<string, Make> = {
  'without a signature, alg none': ({ ours }) => new UnsecuredJWT(claimsOf(ours)).encode(),
  'with alg NONE and a borrowed signature': borrowed({ alg: 'NONE', kid: 'first' }),
  'with alg nOnE': borrowed({ alg: 'nOnE' }),
  'with an empty alg': borrowed({ alg: '' }),
  'with alg null': borrowed({ alg: null }),
  'with alg as a list': borrowed({ alg: ['RS256', 'none'] }),
  'without alg': borrowed({ kid: 'first' }),
  'with a borrowed signature': borrowed({ alg: 'RS256', kid: 'first' }),
  'HS256 with the public key as PEM': symmetric('HS256', (issuer) => publicPem(keyOf(issuer))),
  'HS256 with the public key as JWK': symmetric('HS256', (issuer) => JSON.stringify(keyOf(issuer).jwk)),
  'HS256 with the modulus': symmetric('HS256', (issuer) => keyOf(issuer).jwk.n ?? ''),
  'HS384 with the public key': symmetric('HS384', (issuer) => publicPem(keyOf(issuer))),
  'HS512 with the public key': symmetric('HS512', (issuer) => publicPem(keyOf(issuer))),
  'HS256 with an empty secret': symmetric('HS256', () => ''),
  'with kid as a path to an empty file': ownKey(() => ({ kid: '../../../../dev/null' })),
  'with kid as an absolute path': ownKey(() => ({ kid: '/proc/self/environ' })),
  'with kid as SQL': ownKey(() => ({ kid: "x' union select 'key' --" })),
  'with kid as a URL': ownKey((world) => ({ kid: trapUrl(world) })),
  'with kid __proto__': ownKey(() => ({ kid: '__proto__' })),
  'with an endless kid': ownKey(() => ({ kid: 'k'.repeat(4_000) })),
  'with jku to a key set of its own': ownKey((world) => ({ kid: 'mine', jku: trapUrl(world) })),
  'with x5u to a certificate of its own': ownKey((world) => ({ kid: 'mine', x5u: trapUrl(world) })),
  'with its own key in the header': ownKey((_, jwk) => ({ jwk })),
  'with its own certificate in the header': ownKey(() => ({ kid: 'first', x5c: ['MIIB'] })),
  'with another key under the known kid': ownKey(() => ({ kid: 'first' })),
  'with a crit that nobody knows': borrowed({ alg: 'RS256', kid: 'first', crit: ['x'], x: 1 }),
  'with an empty crit': borrowed({ alg: 'RS256', kid: 'first', crit: [] }),
  'with a payload that is not encoded (b64: false)': borrowed({ alg: 'RS256', b64: false, crit: ['b64'] }),
  'compressed (zip)': borrowed({ alg: 'RS256', kid: 'first', zip: 'DEF' }),
  'in five parts, as encrypted': async ({ ours }) => `${await ours.token(admin)}.AAAA.AAAA`,
  'nested in another': async ({ ours }) => ours.token({ ...admin, sub: undefined, nested: await ours.token(admin) }),
  'with a second payload': async ({ ours }) => `${await ours.token(admin)}.${part(claimsOf(ours))}`,
  'with a changed payload': async ({ ours }) => {
    const [header, , signature] = (await ours.token({ roles: ['viewer'] })).split('.');
    return `${header}.${part(claimsOf(ours))}.${signature}`;
  },
  'with the signature cut off': async ({ ours }) => (await ours.token(admin)).replace(/[^.]*$/, ''),
  'with half of the signature': async ({ ours }) => (await ours.token(admin)).slice(0, -100),
  'with a signature of zeros': async ({ ours }) => (await ours.token(admin)).replace(/[^.]*$/, 'A'.repeat(342)),
  'ES256 with a signature of zeros': borrowed({ alg: 'ES256', kid: 'first' }),
  'that is too old': signed({ exp: hour() - 7_200 }),
  'that is not yet valid': signed({ nbf: hour() }),
  'without an end': signed({ exp: undefined }),
  'with its end as a text': signed({ exp: '9999999999' }),
  'with an end beyond all time': signed({ exp: 1e300 }),
  'for another audience': signed({ aud: 'https://elsewhere.example' }),
  'for an audience that begins alike': signed({ aud: 'fairlead.evil.example' }),
  'for an audience in capitals': signed({ aud: 'FAIRLEAD' }),
  'without an audience': signed({ aud: undefined }),
  'with an empty list of audiences': signed({ aud: [] }),
  'without a subject': signed({ sub: undefined }),
  'with a list as its subject': signed({ sub: ['ada'] }),
  'with a subject of two lines': signed({ sub: 'ada\nadmin' }),
  'with an endless subject': signed({ sub: 's'.repeat(3_000) }),
  'of an unknown issuer': signed({ iss: 'https://evil.example' }),
  'of an issuer with a slash more': ({ ours }) => ours.token({ ...admin, iss: `${ours.url}/` }),
  'of an issuer in capitals': ({ ours }) => ours.token({ ...admin, iss: ours.url.toUpperCase() }),
  'of an issuer that is __proto__': signed({ iss: '__proto__' }),
  'of a list of issuers': ({ ours }) => ours.token({ ...admin, iss: [ours.url] }),
  'signed by the issuer of another organisation': ({ ours, theirs }) => theirs.token({ ...admin, iss: ours.url }),
  'with the kid of one issuer and the key of another': ({ ours, theirs }) =>
    ours.token({ ...admin, iss: theirs.url }, { header: { kid: keyOf(theirs).jwk.kid } }),
  'in the name of this server': ({ ours, fairlead }) =>
    ours.token({ ...admin, iss: fairlead.url, aud: `${fairlead.url}/mcp` }),
  'that asks for the trap as its issuer': (world) => world.ours.token({ ...admin, iss: trapUrl(world) }),
  'with claims nested without end': ({ ours }) =>
    `${part({ alg: 'RS256', kid: 'first' })}.${Buffer.from(`{"iss":"${ours.url}","x":${'['.repeat(3_000)}${']'.repeat(3_000)}}`).toString('base64url')}.AAAA`,
  'with claims that are no object': async ({ ours }) => (await ours.token()).replace(/\.[^.]*\./, `.${part('admin')}.`),
  'with a header that is no object': async ({ ours }) => (await ours.token()).replace(/^[^.]*/, part(['RS256'])),
};

/** A credential of one kind where another one belongs. */
const swapped: Record<string, Make> = {
  'a refresh token': ({ attacker }) => attacker.tokens.refresh_token,
  'the session of a browser': ({ attacker }) =>
    decodeURIComponent(attacker.browser.cookies.get('fairlead.session_token')?.value ?? ''),
  'the id of an API key': ({ things }) => things.key ?? '',
  'the id of a machine': ({ things }) => things.service ?? '',
  'the id of a session': ({ things }) => things.session ?? '',
  'the id of a person': ({ victim }) => victim.id,
  'an API key without its last letter': ({ fairlead }) => fairlead.adminKey.slice(0, -1),
  'an API key with a letter more': ({ fairlead }) => `${fairlead.adminKey}a`,
  'an API key in capitals': ({ fairlead }) => fairlead.adminKey.toUpperCase(),
  'an API key with a NUL inside': ({ fairlead }) =>
    `${fairlead.adminKey.slice(0, 20)}%00${fairlead.adminKey.slice(20)}`,
  'the id of one key with the secret of another': ({ keys }) => {
    const [, id] = keys.operator.split('_');
    return keys.viewer.replace(/_[^_]+_/, `_${id}_`);
  },
  'an API key as the claims of a token': ({ fairlead }) =>
    `${part({ alg: 'none' })}.${Buffer.from(fairlead.adminKey).toString('base64url')}.`,
  SQL: () => "' or '1'='1",
  'a wildcard': () => '%',
  'the hash of nothing': () => 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'a program of the other issuer’s': ({ attacker }) => attacker.tokens.clientId,
};

/** A good key where none is looked for. */
const misplaced: Record<string, (key: string) => { path?: string; headers?: Record<string, string> }> = {
  'in the query': (key) => ({ path: `?access_token=${key}` }),
  'in X-API-Key': (key) => ({ headers: { 'x-api-key': key } }),
  'in a cookie': (key) => ({ headers: { cookie: `fairlead.session_token=${key}; authorization=Bearer ${key}` } }),
  'as the password of Basic': (key) => ({
    headers: { authorization: `Basic ${Buffer.from(`admin:${key}`).toString('base64')}` },
  }),
  'under a scheme of its own': (key) => ({ headers: { authorization: `Token ${key}` } }),
  'without a scheme': (key) => ({ headers: { authorization: key } }),
  'in Proxy-Authorization': (key) => ({ headers: { 'proxy-authorization': `Bearer ${key}` } }),
  'in X-Forwarded-Authorization': (key) => ({ headers: { 'x-forwarded-authorization': `Bearer ${key}` } }),
};

const message = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

/** On REST, and on MCP by the short way and the long one. */
async function letsNobodyIn(world: World, key: string): Promise<void> {
  const mcp = { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28' };
  refused(await world.send('/api/v1/keys', { key, json: { name: 'forged', roles: ['admin'] } }), [401]);
  refused(await world.send('/mcp', { key, headers: { ...mcp, 'mcp-method': 'tools/list' }, json: message }), [401]);
  refused(await world.send('/mcp', { key, headers: mcp, method: 'GET' }), [401]);
}

export const tokenAttacks: Attack[] = [
  ...Object.entries(forged).map(([name, make]) => ({
    name: `a token ${name}`,
    run: async (world: World) => letsNobodyIn(world, await make(world)),
  })),
  ...Object.entries(swapped).map(([name, make]) => ({
    name: `${name} as a credential`,
    run: async (world: World) => letsNobodyIn(world, await make(world)),
  })),
  ...Object.entries(misplaced).map(([name, where]) => ({
    name: `an API key ${name}`,
    async run({ send, fairlead }: World) {
      const { path = '', headers = {} } = where(fairlead.adminKey);
      for (const target of ['/api/v1/me', '/api/v1/keys'])
        refused(await send(`${target}${path}`, { key: null, headers }), [401]);
      refused(await send(`/mcp${path}`, { key: null, headers, json: message }), [401]);
    },
  })),
  {
    name: 'an access token at the token endpoint, as a refresh token and as a code',
    async run({ send, attacker, victim }) {
      const { access_token: token } = victim.tokens;
      const { clientId } = attacker.tokens;
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const forms: Record<string, string>[] = [
        { grant_type: 'refresh_token', refresh_token: token, client_id: clientId },
        { grant_type: 'authorization_code', code: token, client_id: clientId, code_verifier: 'x'.repeat(43) },
      ];
      for (const form of forms) {
        const body = new URLSearchParams(form).toString();
        refused(await send('/auth/oauth2/token', { key: null, method: 'POST', headers, body }), [400, 401]);
      }
    },
  },
  {
    name: 'a revoked key',
    async run({ send }) {
      const { key, secret } = (await send('/api/v1/keys', { json: { name: 'brief', roles: ['viewer'] } })).json();
      await send(`/api/v1/keys/${key.id}`, { method: 'DELETE' });
      refused(await send('/api/v1/me', { key: secret }), [401]);
    },
    mayChange: ['access_keys', 'access_revision'], // the key itself is made and revoked here
  },
];
