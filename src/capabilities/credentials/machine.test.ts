import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeServer, serveExchange } from '../../../test/authserver.ts';
import { openTestIssuer, type TestIssuer } from '../../../test/issuer.ts';
import { httpUpstream } from '../../config/schema.ts';
import type { Principal } from '../../kernel/principal.ts';
import { createEgress } from '../../platform/http/index.ts';
import { createMachineCredentials } from './credentials.ts';
import type { AssertionClaims, Declared } from './types.ts';

const never = new AbortController().signal;
const resource = 'https://api.example/mcp';
let server: ExchangeServer;
let provider: ExchangeServer;
let issuer: TestIssuer;

beforeAll(async () => {
  server = await serveExchange({ us: 'secret' });
  provider = await serveExchange({ us: 'secret' });
  issuer = await openTestIssuer({ audience: 'anybody' });
  for (const each of [server, provider]) each.trust(issuer.url, `${issuer.url}/jwks`);
});
afterAll(() => Promise.all([server, provider, issuer].map((each) => each.stop())));

const cleanups: (() => unknown)[] = [];
beforeEach(() => {
  server.asked.length = 0;
  server.scopes = undefined;
  server.provider = provider;
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Credentials for one upstream with this `auth`; callers come with the tokens that `brought` has by their id. */
function world(
  auth: Record<string, unknown>,
  brought: Record<string, string> = {},
  source: Declared['source'] = 'file',
) {
  const egress = createEgress({ allow: [], log: pino({ level: 'silent' }) });
  let clock = Date.now();
  const signed: AssertionClaims[] = [];
  const credentials = createMachineCredentials({
    egress,
    clock: { now: () => clock },
    log: pino({ level: 'silent' }),
    callers: {
      tokenOf: ({ id }) => brought[id],
      sign(claims) {
        signed.push(claims);
        return issuer.token({ ...claims });
      },
    },
  });
  cleanups.push(egress.stop, credentials.stop);
  const settings = httpUpstream.parse({
    url: resource,
    auth: { issuer: server.url, clientId: 'us', clientSecret: 'secret', resource, scopes: ['read'], ...auth },
  });
  const declared: Declared = { org: 'acme', name: 'crm', source, settings };
  const authorizerFor = (who?: Principal) =>
    credentials.authorizerFor(declared, who) ?? expect.fail('it has no credentials');
  const tokenOf = async (who?: Principal) => {
    const { authorization = '' } = await authorizerFor(who).headers(never);
    return authorization.replace('Bearer ', '');
  };
  return {
    authorizerFor,
    tokenOf,
    signed,
    /** What the authorization server says a token is. */
    issued: async (who?: Principal) => server.tokens.get(await tokenOf(who)),
    refused: async (sent: string, challenge: string, status = 403, who?: Principal) =>
      authorizerFor(who).refused({ status, challenge, sent: { authorization: `Bearer ${sent}` } }, never),
    later: (ms: number) => {
      clock += ms;
    },
  };
}

const person = (id: string, more: Partial<Principal> = {}): Principal => ({
  id,
  kind: 'user',
  org: 'acme',
  name: id,
  roles: [],
  scopes: ['*'],
  credential: { kind: 'jwt', id: 'issuer' },
  ...more,
});

describe('client credentials', () => {
  it('are one token for everybody, for the resource and the scopes of the settings [AC-4]', async () => {
    const { issued, tokenOf } = world({ grant: 'client_credentials' });
    expect(await issued()).toEqual({
      sub: 'us',
      client: 'us',
      resource,
      scope: 'read',
      grant: 'client_credentials',
      actor: undefined,
    });
    expect(await tokenOf(person('user:a'))).toBe(await tokenOf());
    expect(server.asked).toHaveLength(1);
  });

  it('get more scope where the upstream asks for it, on top of what there was, and once [AC-2]', async () => {
    const { issued, tokenOf, refused } = world({ grant: 'client_credentials' });
    const narrow = await tokenOf();
    const wants = 'Bearer error="insufficient_scope", scope="write"';
    expect(await refused(narrow, wants)).toBe(true);
    expect(await issued()).toMatchObject({ scope: 'read write' });
    // Whoever was sent away with the old one finds that there is another by now.
    expect(await refused(narrow, wants)).toBe(true);
    expect(await refused(await tokenOf(), wants)).toBe(false);
    expect(server.asked).toHaveLength(2);
  });

  it('are not lost to a scope that the authorization server does not give [AC-4]', async () => {
    server.scopes = ['read'];
    const { tokenOf, refused, later, issued } = world({ grant: 'client_credentials' });
    const wants = 'Bearer error="insufficient_scope", scope="admin"';
    await expect(refused(await tokenOf(), wants)).rejects.toMatchObject({ code: 'CREDENTIAL_REFUSED' });
    later(1_000);
    expect(await issued()).toMatchObject({ scope: 'read' });
  });

  it('are not fetched for every request to an upstream that takes none [AC-4]', async () => {
    const { tokenOf, refused } = world({ grant: 'client_credentials' });
    const answers: boolean[] = [];
    for (let n = 0; n < 5; n++) answers.push(await refused(await tokenOf(), 'Bearer error="invalid_token"', 401));
    expect(answers).toEqual([true, false, false, false, false]);
    expect(server.asked).toHaveLength(2);
  });

  it('need no metadata where the settings name the token endpoint [AC-4]', async () => {
    const { issued } = world({ grant: 'client_credentials', issuer: undefined, tokenEndpoint: `${server.url}/token` });
    expect(await issued()).toMatchObject({ sub: 'us' });
  });

  it('of an upstream that a user added are not fetched inside [AC-4]', async () => {
    const { tokenOf } = world({ grant: 'client_credentials' }, {}, 'runtime');
    await expect(tokenOf()).rejects.toMatchObject({
      code: 'CREDENTIAL_REFUSED',
      message: expect.stringContaining('may not be reached from here'),
    });
    expect(server.asked).toEqual([]);
  });
});

describe('token exchange', () => {
  it('asks for each subject, and for each credential of a subject [AC-4]', async () => {
    const { issued, tokenOf, signed } = world({ grant: 'token_exchange' });
    expect(await issued(person('user:a'))).toMatchObject({ sub: 'user:a', scope: 'read' });
    expect(await issued(person('user:b'))).toMatchObject({ sub: 'user:b' });
    expect(await tokenOf(person('user:a'))).toBe(await tokenOf(person('user:a')));
    expect(await tokenOf(person('user:a', { scopes: ['tools:read'] }))).not.toBe(await tokenOf(person('user:a')));
    const [first] = signed;
    expect(first).toMatchObject({ sub: 'user:a', aud: server.url, org: 'acme' });
    expect((first?.exp ?? 0) - (first?.iat ?? 0)).toBeLessThanOrEqual(120);
  });

  it('says who acts for whom, and does not take the word of an agent for its owner [AC-4]', async () => {
    const agentsToken = await issuer.token({ sub: 'agent' });
    const { issued } = world({ grant: 'token_exchange' }, { 'key:1': agentsToken });
    const agent = person('key:1', { kind: 'agent', actsFor: 'user:a', credential: { kind: 'api_key', id: '1' } });
    expect(await issued(agent)).toMatchObject({ sub: 'user:a', actor: 'key:1' });
  });

  it('speaks for nobody where nobody is behind a call, or only others may vouch [AC-4]', async () => {
    const nobody = { code: 'CALLER_NOT_VOUCHED_FOR' };
    const { tokenOf } = world({ grant: 'token_exchange' });
    await expect(tokenOf(person('anonymous', { kind: 'anonymous' }))).rejects.toMatchObject(nobody);
    const strict = world(
      { grant: 'token_exchange', subject: 'caller' },
      { 'user:a': await issuer.token({ sub: 'ada' }) },
    );
    await expect(strict.tokenOf(person('user:b'))).rejects.toMatchObject(nobody);
    expect(await strict.issued(person('user:a'))).toMatchObject({ sub: 'ada' });
  });

  it('lists in its own name, or in that of somebody whom the settings name [AC-4]', async () => {
    expect(await world({ grant: 'token_exchange' }).issued()).toMatchObject({ sub: 'us', grant: 'client_credentials' });
    const { issued } = world({ grant: 'token_exchange', listAs: 'user:lister' });
    expect(await issued()).toMatchObject({ sub: 'user:lister' });
  });
});

describe('enterprise-managed authorization', () => {
  it('takes what the identity provider says to the server of the upstream, where it is good for once [AC-2] [AC-4]', async () => {
    const identityProvider = { issuer: provider.url, clientId: 'us', clientSecret: 'secret' };
    const { issued } = world(
      { grant: 'enterprise_managed', identityProvider },
      { 'user:a': await issuer.token({ sub: 'ada' }) },
    );
    expect(await issued(person('user:a'))).toMatchObject({ sub: 'ada', resource, client: 'us' });
    expect(provider.grants.size).toBe(0);
  });
});
