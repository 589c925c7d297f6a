import { createHash } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../test/database.ts';
import { openTestIssuer, publicPem, type TestIssuer } from '../../../test/issuer.ts';
import { fileSchema } from '../../config/schema.ts';
import { isObject } from '../../kernel/json.ts';
import { ExpiredCredential, InvalidCredential, IssuerUnavailable } from './errors.ts';
import { createTokens, type TokenDeps, type Tokens } from './tokens.ts';

const resource = 'http://127.0.0.1:7300/mcp';
const sharedSecret = 'a shared secret of at least thirty-two characters';
const minute = 60_000;

let issuer: TestIssuer;
let ahead = 0;
const clock = { now: () => Date.now() + ahead };

beforeEach(async () => {
  ahead = 0;
  issuer = await openTestIssuer({ audience: resource });
});
afterEach(() => issuer.stop());

/** The settings as a file would give them, with all defaults; the algorithms also where a file would be refused. */
function settings(...issuers: object[]) {
  return issuers.flatMap(({ algorithms, ...issuer }: { algorithms?: string[] }) =>
    fileSchema
      .parse({ auth: { issuers: [issuer] } })
      .auth.issuers.map((parsed) => ({ ...parsed, algorithms: algorithms ?? parsed.algorithms })),
  );
}

function open(issuerSettings: object = {}, deps: Partial<TokenDeps> = {}): Tokens {
  return createTokens({
    issuers: settings({ issuer: issuer.url, ...issuerSettings }),
    resource,
    development: false,
    fetch,
    clock,
    log: silentLog,
    hasOrg: (org) => ['default', 'ours'].includes(org),
    ...deps,
  });
}

describe('a token', () => {
  it('lets its subject in under the roles that it names [SP-14]', async () => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const token = await issuer.token({ sub: 'ada', name: 'Ada L.', roles: ['operator', 'king'], exp });
    const hash = createHash('sha256').update(issuer.url).digest('hex').slice(0, 12);
    expect(await open().verify(token)).toEqual({
      id: `jwt:${hash}:ada`,
      kind: 'user',
      org: 'default',
      name: 'Ada L.',
      roles: ['operator'],
      scopes: ['*'],
      credential: { kind: 'jwt', id: issuer.url },
      expiresAt: (exp + 30) * 1000,
    });
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('may be signed by %s [SP-14]', async (alg) => {
    const key = await issuer.addKey('another', alg);
    expect(await open().verify(await issuer.token({}, { key }))).toMatchObject({ name: 'ada' });
  });

  it('is refused when it is for somebody else, from somebody else or for nobody [SP-14]', async () => {
    const tokens = open();
    const refused = async (claims: Record<string, unknown>, why: RegExp) =>
      expect(tokens.verify(await issuer.token(claims))).rejects.toMatchObject({
        code: InvalidCredential.code,
        message: expect.stringMatching(why),
      });
    await refused({ aud: 'https://elsewhere.example' }, /"aud" claim is not right/);
    await refused({ aud: undefined }, /"aud" claim is missing/);
    await refused({ iss: 'https://elsewhere.example' }, /issuer is not known/);
    await refused({ iss: undefined }, /issuer is not known/);
    await refused({ sub: undefined }, /"sub" claim is missing/);
    await refused({ sub: '' }, /"sub"/);
    await refused({ sub: 'x'.repeat(300) }, /"sub"/);
    await refused({ sub: 'two\nlines' }, /"sub"/);
    await refused({ exp: undefined }, /"exp" claim is missing/);
    await refused({ exp: 1e300 }, /"exp"/);
    await refused({ exp: 'never' }, /"exp" claim is not right/);
    await refused({ nbf: Math.floor(Date.now() / 1000) + 600 }, /"nbf"/);
  });

  it('counts for any of the audiences that the settings name [SP-14]', async () => {
    const tokens = open({ audience: ['fairlead', 'https://mcp.example'] });
    expect(await tokens.verify(await issuer.token({ aud: ['other', 'fairlead'] }))).toBeDefined();
    await expect(tokens.verify(await issuer.token())).rejects.toSatisfy(InvalidCredential.is);
  });

  it('ends at its expiry, the clock skew allowed for [SP-14]', async () => {
    const tokens = open();
    const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 60 });
    ahead = 80_000;
    expect((await tokens.verify(token)).expiresAt).toBeGreaterThan(clock.now());
    ahead = 92_000;
    await expect(tokens.verify(token)).rejects.toSatisfy(ExpiredCredential.is);
    ahead = 62_000;
    await expect(open({ clockSkewSeconds: 0 }).verify(token)).rejects.toSatisfy(ExpiredCredential.is);
  });

  it('is refused without a signature [SP-14]', async () => {
    const claims = { iss: issuer.url, aud: resource, sub: 'ada', roles: ['admin'], exp: 4_000_000_000 };
    const token = new UnsecuredJWT(claims).encode();
    await expect(open().verify(token)).rejects.toMatchObject({ message: expect.stringContaining('algorithm') });
    const [header, payload] = (await issuer.token()).split('.');
    await expect(open().verify(`${header}.${payload}.`)).rejects.toSatisfy(InvalidCredential.is);
  });

  it('is refused when the public key was used as a shared secret [SP-14]', async () => {
    const [key] = issuer.keys;
    if (!key) throw new Error('no key');
    for (const secret of [await publicPem(key), JSON.stringify(key.jwk), key.jwk.n ?? '']) {
      const token = await new SignJWT({ iss: issuer.url, aud: resource, sub: 'ada', exp: 4_000_000_000 })
        .setProtectedHeader({ alg: 'HS256', kid: 'first' })
        .sign(new TextEncoder().encode(secret));
      await expect(open().verify(token)).rejects.toMatchObject({ message: expect.stringContaining('algorithm') });
    }
  });

  it('is refused with an algorithm that the settings leave out [SP-14]', async () => {
    const key = await issuer.addKey('second', 'ES256');
    const tokens = open({ algorithms: ['RS256'] });
    await expect(tokens.verify(await issuer.token({}, { key }))).rejects.toSatisfy(InvalidCredential.is);
    expect(await tokens.verify(await issuer.token())).toBeDefined();
  });

  it('is refused when another key or a changed text stands behind its signature [SP-14]', async () => {
    const tokens = open();
    const other = await openTestIssuer({ audience: resource });
    const forged = await other.token({ iss: issuer.url, roles: ['admin'] });
    await other.stop();
    await expect(tokens.verify(forged)).rejects.toMatchObject({ message: expect.stringContaining('signature') });
    const [header, , signature] = (await issuer.token()).split('.');
    const [, richer] = (await issuer.token({ roles: ['admin'] })).split('.');
    await expect(tokens.verify(`${header}.${richer}.${signature}`)).rejects.toSatisfy(InvalidCredential.is);
  });

  it('may leave the key unnamed where the issuer has several [SP-14]', async () => {
    const second = await issuer.addKey('second', 'RS256');
    const tokens = open();
    for (const key of [issuer.keys[0], second])
      expect(await tokens.verify(await issuer.token({}, { key, header: { kid: undefined } }))).toBeDefined();
    issuer.keys.pop();
    const foreign = await open()
      .verify(await issuer.token({}, { key: second, header: { kid: undefined } }))
      .catch((e) => e);
    expect(foreign).toSatisfy(InvalidCredential.is);
    await issuer.addKey('third', 'RS256');
    await expect(
      open().verify(await issuer.token({}, { key: second, header: { kid: undefined } })),
    ).rejects.toMatchObject({ message: expect.stringContaining('signature') });
    const late = await issuer.token({ aud: 'elsewhere' }, { header: { kid: undefined } });
    await expect(open().verify(late)).rejects.toMatchObject({ message: expect.stringContaining('"aud"') });
  });
});

describe('the claims', () => {
  const principal = async (issuerSettings: object, claims: object) =>
    open(issuerSettings).verify(await issuer.token({ ...claims }));

  it('give no role and no scope that is not known [SP-14]', async () => {
    expect((await principal({}, {})).roles).toEqual([]);
    expect((await principal({}, { roles: 'viewer' })).roles).toEqual(['viewer']);
    expect((await principal({}, { roles: ['viewer', 'viewer', 7, null, 'ADMIN', 'constructor'] })).roles).toEqual([
      'viewer',
    ]);
    expect((await principal({}, { roles: { admin: true } })).roles).toEqual([]);
    expect((await principal({}, { scope: 'openid tools:read tools:read audit:read' })).scopes).toEqual([
      'tools:read',
      'audit:read',
    ]);
    expect((await principal({}, { scope: 'openid email' })).scopes).toEqual([]);
    expect((await principal({}, { scope: 7 })).scopes).toEqual([]);
    expect((await principal({ claims: { scope: 'scp' } }, { scp: ['tools:call'], scope: '*' })).scopes).toEqual([
      'tools:call',
    ]);
  });

  it('give roles by the map alone where there is one [SP-14]', async () => {
    const mapped = { claims: { roles: 'groups' }, roleMap: { 'platform-team': 'admin', staff: 'viewer' } };
    expect((await principal(mapped, { groups: ['platform-team', 'staff', 'operator'] })).roles).toEqual([
      'admin',
      'viewer',
    ]);
    expect((await principal(mapped, { groups: ['toString', '__proto__'], roles: ['admin'] })).roles).toEqual([]);
  });

  it('are found by name or by path [SP-14]', async () => {
    const nested = { realm_access: { roles: ['developer'] } };
    expect((await principal({ claims: { roles: 'realm_access.roles' } }, nested)).roles).toEqual(['developer']);
    const uri = { 'https://fairlead.example/roles': ['operator'] };
    expect((await principal({ claims: { roles: 'https://fairlead.example/roles' } }, uri)).roles).toEqual(['operator']);
    expect((await principal({ claims: { roles: 'sub.length' } }, {})).roles).toEqual([]);
  });

  it('name an organisation that exists, or leave it to the settings [SP-14]', async () => {
    const byClaim = { claims: { org: 'tenant' } };
    expect((await principal(byClaim, { tenant: 'ours' })).org).toBe('ours');
    expect((await principal(byClaim, {})).org).toBe('default');
    expect((await principal({ ...byClaim, org: 'ours' }, { tenant: null })).org).toBe('ours');
    expect((await principal({}, { org: 'ours' })).org).toBe('default');
    for (const tenant of ['theirs', '', 7, ['ours']])
      await expect(principal(byClaim, { tenant })).rejects.toMatchObject({
        message: expect.stringContaining('organisation'),
      });
    await expect(principal({ org: 'theirs' }, {})).rejects.toSatisfy(InvalidCredential.is);
  });

  it('name the caller in one clean line [SP-14]', async () => {
    expect((await principal({}, { name: ' Ada\n\u001b[31m ' })).name).toBe('Ada[31m');
    expect((await principal({}, { name: ' \n' })).name).toBe('ada');
    expect((await principal({}, { name: ['Ada'] })).name).toBe('ada');
    expect((await principal({}, { name: 'x'.repeat(500) })).name).toHaveLength(100);
    expect((await principal({}, { sub: 'robot', client_id: 'robot' })).kind).toBe('service');
  });
});

describe('the keys of an issuer', () => {
  it('are found by its metadata, wherever that stands [SP-14]', async () => {
    expect(await open().verify(await issuer.token())).toBeDefined();
    expect(issuer.asked).toEqual(['/.well-known/oauth-authorization-server', '/jwks']);
    const tenant = await openTestIssuer({ audience: resource, path: '/tenant' });
    const metadata = { issuer: tenant.url, jwks_uri: tenant.url.replace('/tenant', '/jwks') };
    const verify = async () => open({ issuer: tenant.url }).verify(await tenant.token());
    expect(await verify()).toBeDefined();
    tenant.answers.set('/.well-known/oauth-authorization-server/tenant', (response) => response.writeHead(404).end());
    await expect(verify()).rejects.toSatisfy(IssuerUnavailable.is);
    tenant.answers.set('/tenant/.well-known/openid-configuration', (response) =>
      response.end(JSON.stringify(metadata)),
    );
    expect(await verify()).toBeDefined();
    await tenant.stop();
  });

  it('are not taken from the metadata of another issuer, nor from odd places [SP-14]', async () => {
    const bad = [{ issuer: 'https://other.example', jwks_uri: `${issuer.url}/jwks` }, { issuer: issuer.url }, []];
    for (const metadata of bad) {
      issuer.answers.set('/.well-known/oauth-authorization-server', (response) =>
        response.end(JSON.stringify(metadata)),
      );
      await expect(open().verify(await issuer.token())).rejects.toSatisfy(IssuerUnavailable.is);
    }
    const secure = 'https://idp.example';
    const insecure = { issuer: secure, jwks_uri: `${issuer.url}/jwks` };
    const tokens = open({ issuer: secure }, { fetch: async () => Response.json(insecure) });
    await expect(tokens.verify(await issuer.token({ iss: secure }))).rejects.toSatisfy(IssuerUnavailable.is);
  });

  it('are asked for once, by however many callers [SP-14]', async () => {
    const tokens = open({ jwksUri: `${issuer.url}/jwks` });
    const token = await issuer.token();
    await Promise.all(Array.from({ length: 20 }, () => tokens.verify(token)));
    await tokens.verify(token);
    expect(issuer.asked).toEqual(['/jwks']);
  });

  it('are asked for again when a token names a new one, but not for each invented one [SP-14]', async () => {
    const tokens = open({ jwksUri: `${issuer.url}/jwks` });
    await tokens.verify(await issuer.token());
    const rotated = await issuer.addKey('second', 'RS256');
    const token = await issuer.token({}, { key: rotated });
    await expect(tokens.verify(token)).rejects.toSatisfy(InvalidCredential.is);
    ahead = 31_000;
    expect(await tokens.verify(token)).toBeDefined();
    for (const kid of ['invented', 'made-up'])
      await expect(tokens.verify(await issuer.token({}, { header: { kid } }))).rejects.toMatchObject({
        message: expect.stringContaining('no such key'),
      });
    expect(issuer.asked).toEqual(['/jwks', '/jwks']);
  });

  it('end when the issuer withdraws them [SP-14]', async () => {
    const tokens = open({ jwksUri: `${issuer.url}/jwks` });
    const token = await issuer.token();
    await tokens.verify(token);
    issuer.keys.length = 0;
    ahead = 11 * minute;
    await expect(tokens.verify(token)).rejects.toSatisfy(InvalidCredential.is);
  });

  it('outlast a short silence of the issuer, and a long one is worth a retry [SP-14]', async () => {
    const tokens = open({ jwksUri: `${issuer.url}/jwks` });
    const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 86_400 });
    const invented = await issuer.token({}, { header: { kid: 'invented' } });
    await tokens.verify(token);
    issuer.answers.set('/jwks', (response) => response.writeHead(500).end());
    ahead = 30 * minute;
    expect(await tokens.verify(token)).toBeDefined();
    await expect(tokens.verify(invented)).rejects.toSatisfy(IssuerUnavailable.is);
    ahead = 61 * minute;
    await expect(tokens.verify(token)).rejects.toMatchObject({
      code: IssuerUnavailable.code,
      spec: { status: 503, retryable: true },
      retryAfterSeconds: 3,
    });
    const asked = issuer.asked.length;
    await expect(tokens.verify(token)).rejects.toSatisfy(IssuerUnavailable.is);
    expect(issuer.asked.length).toBe(asked);
    issuer.answers.clear();
    ahead += 4_000;
    expect(await tokens.verify(token)).toBeDefined();
  });

  it('that cannot be used are no reason to take the token for a bad one [SP-14]', async () => {
    const answers = ['not json', '[]', '{"keys": 7}', `{"keys": [], "x": "${'x'.repeat(1_100_000)}"}`];
    for (const body of answers) {
      issuer.answers.set('/jwks', (response) => response.end(body));
      await expect(open().verify(await issuer.token())).rejects.toSatisfy(IssuerUnavailable.is);
    }
    const unreachable = open({}, { fetch: () => Promise.reject(new Error('no route')) });
    await expect(unreachable.verify(await issuer.token())).rejects.toSatisfy(IssuerUnavailable.is);
  });

  it('that are broken refuse their tokens and nothing else [SP-14]', async () => {
    const good = await issuer.addKey('good', 'ES256');
    const [bad] = issuer.keys;
    if (bad) bad.jwk.n = 'AQAB';
    const tokens = open();
    await expect(tokens.verify(await issuer.token())).rejects.toSatisfy(InvalidCredential.is);
    expect(await tokens.verify(await issuer.token({}, { key: good }))).toBeDefined();
  });
});

describe('the settings of an issuer', () => {
  const fault = (development: boolean, ...issuers: object[]) => {
    try {
      open({}, { issuers: settings(...issuers), development });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : 'no error';
    }
  };
  const shared = { issuer: 'tests', sharedSecret };

  it('take a shared secret for development only, and never show it [SP-14]', async () => {
    const text = fault(false, shared);
    expect(text).toContain('development: true');
    expect(text).not.toContain(sharedSecret);
    const tokens = open(shared, { development: true });
    const sign = (alg: string, secret: string) =>
      new SignJWT({ iss: 'tests', aud: resource, sub: 'ada', roles: ['admin'], exp: 4_000_000_000 })
        .setProtectedHeader({ alg })
        .sign(new TextEncoder().encode(secret));
    expect(await tokens.verify(await sign('HS256', sharedSecret))).toMatchObject({ roles: ['admin'] });
    for (const token of [await sign('HS256', 'another secret'.repeat(5)), await sign('HS512', sharedSecret.repeat(2))])
      await expect(tokens.verify(token)).rejects.toSatisfy(InvalidCredential.is);
    const key = await issuer.token({ iss: 'tests' });
    await expect(tokens.verify(key)).rejects.toSatisfy(InvalidCredential.is);
  });

  it('are refused with all their faults at once [SP-14]', () => {
    const text = fault(
      true,
      { issuer: 'https://a.example', algorithms: ['none', 'HS256', 'RS256'] },
      { issuer: 'https://a.example' },
      { issuer: 'b', algorithms: [] },
      { ...shared, jwksUri: 'https://c.example/jwks' },
    );
    for (const part of ['none, HS256', 'named twice', 'no algorithm', 'needs a jwksUri', 'both a shared secret'])
      expect(text).toContain(part);
    expect(fault(false, { issuer: 'ftp://a.example' })).toContain('needs a jwksUri');
    expect(fault(false, { issuer: 'b', jwksUri: 'https://b.example/jwks' })).toBeUndefined();
  });
});

it('reads no token whose claims are nested without end [SP-14]', async () => {
  const claims = `{"iss":${'['.repeat(50)}${']'.repeat(50)}}`;
  const token = `e30.${Buffer.from(claims).toString('base64url')}.e30`;
  const error = await open()
    .verify(token)
    .catch((caught) => caught);
  expect(error).toSatisfy(InvalidCredential.is);
  expect(isObject(error.toBody())).toBe(true);
});
