import { expect } from 'vitest';
import { callback, goodPassword, openBrowser, register, tokensFor } from '../../signin.ts';
import { type Attack, refused } from '../attack.ts';
import type { Answer, World } from '../world.ts';

// Somebody with an account, a key or a program of their own, who wants to do more than that is for.

/** What everybody above would like to do with what they have. */
const wishes: Record<string, (world: World, key: string) => Promise<Answer>> = {
  'make an administrator’s key': ({ send }, key) =>
    send('/api/v1/keys', { key, json: { name: 'more', roles: ['admin'] } }),
  'make a key with every scope': ({ send }, key) =>
    send('/api/v1/keys', { key, json: { name: 'more', roles: ['viewer'], scopes: ['*'] } }),
  'invite an administrator': ({ send }, key) =>
    send('/api/v1/users/invitations', { key, json: { email: 'more@example.com', role: 'admin' } }),
  'become an administrator': ({ send, attacker }, key) =>
    send(`/api/v1/users/${attacker.id}`, { key, method: 'PUT', json: { role: 'admin' } }),
  'take over a person by a reset': ({ send, victim }, key) =>
    send(`/api/v1/users/${victim.id}/reset`, { key, method: 'POST' }),
  'make a machine': ({ send }, key) => send('/api/v1/services', { key, json: { name: 'more', roles: ['admin'] } }),
  'permit everything': ({ send }, key) =>
    send('/api/v1/policies/more', { key, method: 'PUT', json: { text: 'permit (principal, action, resource);' } }),
  'make an organisation': ({ send }, key) => send('/api/v1/orgs', { key, json: { id: 'more' } }),
  'seal a credential': ({ send }, key) => send('/api/v1/break-glass', { key, json: { name: 'more' } }),
  'add an upstream': ({ send }, key) =>
    send('/api/v1/upstreams', { key, json: { name: 'more', settings: { url: 'https://mcp.example.com/mcp' } } }),
  'run a program on the server': ({ send }, key) =>
    send('/api/v1/upstreams/test', { key, json: { settings: { command: 'touch', args: ['/tmp/owned'] } } }),
};

const holders: Record<string, (world: World) => string> = {
  'A viewer’s key': ({ keys }) => keys.viewer,
  'A developer’s key': ({ keys }) => keys.developer,
  'An operator’s key': ({ keys }) => keys.operator,
  'A program of a developer': ({ attacker }) => attacker.tokens.access_token,
  'A program of an operator': ({ victim }) => victim.tokens.access_token,
};

const mcp = (method: string, params: Record<string, unknown>) => ({
  headers: {
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(typeof params.name === 'string' ? { 'mcp-name': params.name } : {}),
  },
  json: {
    jsonrpc: '2.0',
    id: 1,
    method,
    params: {
      ...params,
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
      },
    },
  },
});

/** Ways around the consent that `ledger.pay` needs. */
const around: Record<string, (world: World) => Promise<Answer>> = {
  'by its wire name': ({ send, keys }) =>
    send('/mcp', { key: keys.operator, ...mcp('tools/call', { name: 'ledger_pay', arguments: { text: 'around' } }) }),
  'by its canonical name': ({ send, keys }) =>
    send('/mcp', { key: keys.operator, ...mcp('tools/call', { name: 'ledger.pay', arguments: { text: 'around' } }) }),
  'by the tool that calls others': ({ send, keys }) =>
    send('/api/v1/tools/fairlead.call_tool/call', {
      key: keys.operator,
      json: { arguments: { name: 'ledger.pay', arguments: { text: 'around' } } },
    }),
  'by a plan': ({ send, keys }) =>
    send('/api/v1/tools/fairlead.run_tools/call', {
      key: keys.operator,
      json: { arguments: { calls: [{ id: 'a', tool: 'ledger.pay', arguments: { text: 'around' } }] } },
    }),
  'by the tool that calls others, through itself': ({ send, keys }) =>
    send('/api/v1/tools/fairlead.call_tool/call', {
      key: keys.operator,
      json: {
        arguments: {
          name: 'fairlead.call_tool',
          arguments: { name: 'ledger.pay', arguments: { text: 'around' } },
        },
      },
    }),
  'with a grant of one’s own in the metadata': ({ send, keys }) =>
    send('/mcp', {
      key: keys.operator,
      ...mcp('tools/call', {
        name: 'ledger_pay',
        arguments: { text: 'around' },
        grant: 'approved',
        approvalId: 'x',
        'dev.fairlead/approval': { state: 'approved' },
      }),
    }),
  'with another case of its name': ({ send, keys }) =>
    send('/api/v1/tools/LEDGER.PAY/call', { key: keys.operator, json: { arguments: { text: 'around' } } }),
  'with blanks about its name': ({ send, keys }) =>
    send('/api/v1/tools/%20ledger.pay%20/call', { key: keys.operator, json: { arguments: { text: 'around' } } }),
  'as the pseudo tool of its toolset': ({ send, keys }) =>
    send('/api/v1/tools/ledger.@read/call', { key: keys.operator, json: { arguments: { uri: 'x' } } }),
  'by an endpoint that is not there': ({ send, keys }) =>
    send('/mcp/none', { key: keys.operator, ...mcp('tools/call', { name: 'ledger_pay', arguments: { text: 'x' } }) }),
};

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const token = (world: World, fields: Record<string, string>) =>
  world.send('/auth/oauth2/token', {
    key: null,
    method: 'POST',
    headers: form,
    body: new URLSearchParams(fields).toString(),
  });

export const rightsAttacks: Attack[] = [
  ...Object.entries(holders).flatMap(([holder, keyOf]) => ({
    name: `${holder} wants to ${Object.keys(wishes).join(', ')}`,
    async run(world: World) {
      for (const [wish, ask] of Object.entries(wishes)) {
        const answer = await ask(world, keyOf(world));
        expect(answer.status, `${wish}: ${answer.text}`).toBe(403);
      }
    },
  })),
  ...Object.entries(around).map(([name, call]) => ({
    name: `a call that needs consent, ${name}`,
    async run(world: World) {
      const answer = await call(world);
      expect(answer.status).toBeLessThan(500);
      expect(world.ledger.lines()).not.toContain('pay around');
      expect(answer.text).not.toContain('wrote around');
    },
  })),
  {
    name: 'one’s own request approved by oneself, and one of somebody else by a developer',
    async run({ send, keys, things }) {
      const asked = await send('/api/v1/tools/ledger.pay/call', {
        key: keys.operator,
        json: { arguments: { text: 'by oneself' } },
      });
      const id = asked.json().result.structuredContent.approvalId;
      const decide = (approval: string, key: string) =>
        send(`/api/v1/approvals/${approval}/decision`, { key, json: { decision: 'approve' } });
      refused(await decide(id, keys.operator), [403, 409]);
      refused(await decide(things.approval ?? '', keys.developer), [403, 404]);
      refused(await decide(things.approval ?? '', keys.acmeAdmin), [403, 404]);
    },
  },
  {
    name: 'the result and the state of a call that somebody else asked for',
    async run({ send, keys, things }) {
      for (const tool of ['approval_status', 'approval_result'])
        for (const key of [keys.operator, keys.developer, keys.acmeAdmin]) {
          const json = { arguments: { approval_id: things.approval } };
          const { text } = await send(`/api/v1/tools/fairlead.${tool}/call`, { key, json });
          expect(text).not.toMatch(/"outcome":"ok"|parked/);
        }
    },
  },
  {
    name: 'more at consent than the person may, by scopes that were asked for, doubled and made up',
    async run(world) {
      for (const scope of ['*', 'orgs:write users:write keys:write *', 'tools:call tools:call admin root', '* *']) {
        const browser = openBrowser(world.fairlead.url);
        browser.headers['x-forwarded-for'] = '203.0.113.11';
        await browser.open('/auth/sign-in');
        await browser.submit({ email: 'eve@example.com', password: goodPassword });
        const { access_token: key } = await tokensFor(world.fairlead, browser, { scope });
        const me = (await world.send('/api/v1/me', { key })).json();
        expect([me.org, me.roles], scope).toEqual(['default', ['developer']]);
        expect(
          me.scopes.filter((each: string) => !['tools:read', 'tools:call'].includes(each)),
          scope,
        ).toEqual([]);
        refused(await world.send('/api/v1/keys', { key, json: { name: 'x', roles: ['viewer'] } }), [403]);
      }
    },
    // The attacker signs in and allows programs of their own.
    mayChange: [
      'signin_sessions',
      'signin_consents',
      'signin_refresh_tokens',
      'signin_access_tokens',
      'signin_grant_generations',
      'signin_revision',
    ],
  },
  {
    name: 'more at consent than the page showed, by fields of the form',
    async run(world) {
      const { attacker, fairlead, send } = world;
      const tokens = await tokensFor(fairlead, attacker.browser, {
        scope: 'tools:read',
        fields: { org: 'acme', scope: '*', scopes: '*', role: 'admin', userId: world.victim.id },
      });
      const me = (await send('/api/v1/me', { key: tokens.access_token })).json();
      expect([me.id, me.org, me.scopes]).toEqual([expect.stringContaining(attacker.id), 'default', ['tools:read']]);
    },
    mayChange: [
      'signin_consents',
      'signin_refresh_tokens',
      'signin_access_tokens',
      'signin_grant_generations',
      'signin_revision',
    ],
  },
  {
    name: 'more by a refresh, of another program, and by a program that is nobody’s',
    async run(world) {
      const { refresh_token, clientId } = world.attacker.tokens;
      const base = { grant_type: 'refresh_token', refresh_token };
      refused(await token(world, { ...base, client_id: clientId, scope: 'users:write keys:write *' }), [400, 401]);
      refused(await token(world, { ...base, client_id: world.victim.tokens.clientId }), [400, 401]);
      refused(await token(world, { ...base, client_id: 'fairlead-cli' }), [400, 401]);
      refused(await token(world, { ...base, client_id: '' }), [400, 401]);
      refused(
        await token(world, { ...base, client_id: clientId, resource: 'https://elsewhere.example/mcp' }),
        [400, 401],
      );
    },
  },
  {
    name: 'grants that are not given here, and machines that do not prove themselves',
    async run(world) {
      const { things } = world;
      for (const fields of [
        { grant_type: 'password', username: 'ada@example.com', password: goodPassword, client_id: 'fairlead-cli' },
        { grant_type: 'client_credentials', client_id: things.service ?? '' },
        { grant_type: 'client_credentials', client_id: things.service ?? '', client_secret: '' },
        { grant_type: 'client_credentials', client_id: things.service ?? '', client_secret: 'fls_guess' },
        { grant_type: 'client_credentials', client_id: world.attacker.tokens.clientId, client_secret: 'x' },
        {
          grant_type: 'client_credentials',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify({ sub: things.service, iss: things.service })).toString('base64url')}.`,
        },
        {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: world.victim.tokens.access_token,
        },
        { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: world.victim.tokens.access_token },
        { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'guess', client_id: 'fairlead-cli' },
        { grant_type: '__proto__' },
        {},
      ] as Record<string, string>[])
        refused(await token(world, fields), [400, 401]);
    },
  },
  {
    name: 'a program that registers itself for more, or as somebody else',
    async run(world) {
      const { fairlead, send } = world;
      const clientId = await register(fairlead, {
        grant_types: ['client_credentials', 'password', 'authorization_code'],
        token_endpoint_auth_method: 'client_secret_post',
        client_id: 'fairlead-cli',
        client_secret: 'chosen-by-me',
        scope: '*',
        role: 'admin',
        userId: world.victim.id,
        skip_consent: true,
        trusted: true,
        public: false,
        jwks_uri: `http://127.0.0.1:${world.trap.port}/jwks`,
        logo_uri: `http://127.0.0.1:${world.trap.port}/logo`,
        software_statement: 'eyJhbGciOiJub25lIn0.e30.',
      });
      expect(clientId).not.toBe('fairlead-cli');
      refused(
        await token(world, { grant_type: 'client_credentials', client_id: clientId, client_secret: 'chosen-by-me' }),
        [400, 401],
      );
      for (const redirect of [
        'javascript:alert(1)',
        'data:text/html,x',
        'http://evil.example/callback',
        'https://user:pass@evil.example/',
        'https://evil.example/#x',
        'file:///etc/passwd',
        'https://evil.example/\u202e',
        '/relative',
        '',
      ]) {
        const json = { client_name: 'x', redirect_uris: [callback, redirect] };
        refused(
          await send('/auth/oauth2/register', { key: null, json, headers: { 'x-forwarded-for': '203.0.113.12' } }),
          [400],
        );
      }
      for (const name of ['a\u0000b', 'a\nb', '\u202eevil', 'n'.repeat(1_000)]) {
        const json = { client_name: name, redirect_uris: [callback] };
        refused(
          await send('/auth/oauth2/register', { key: null, json, headers: { 'x-forwarded-for': '203.0.113.13' } }),
          [400],
        );
      }
    },
  },
  {
    name: 'a stolen code: without its verifier, by another program, and at another address',
    async run(world) {
      const { fairlead, attacker } = world;
      const clientId = await register(fairlead);
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: callback,
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
        state: 's',
      });
      await attacker.browser.open(`/auth/oauth2/authorize?${query}`);
      await attacker.browser.submit({ answer: 'allow' });
      const code = attacker.browser.page.url.searchParams.get('code') ?? '';
      expect(code).not.toBe('');
      const base = { grant_type: 'authorization_code', code, client_id: clientId, redirect_uri: callback };
      refused(await token(world, base), [400, 401]);
      refused(await token(world, { ...base, code_verifier: 'x'.repeat(43) }), [400, 401]);
      const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
      refused(
        await token(world, { ...base, code_verifier: verifier, client_id: world.victim.tokens.clientId }),
        [400, 401],
      );
      refused(
        await token(world, { ...base, code_verifier: verifier, redirect_uri: 'http://127.0.0.1:1/x' }),
        [400, 401],
      );
    },
    mayChange: ['signin_consents'], // the attacker allows a program of their own
  },
  {
    name: 'the MCP session of somebody else, without a key, and on another endpoint',
    async run({ send, keys }) {
      const headers = { accept: 'application/json, text/event-stream' };
      const params = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'x', version: '1' },
      };
      const hello = { jsonrpc: '2.0', id: 1, method: 'initialize', params };
      const opened = await send('/mcp', { key: keys.operator, headers, json: hello });
      const session = opened.headers.get('mcp-session-id') ?? '';
      expect([opened.status, session.length > 20]).toEqual([200, true]);
      const inside = { ...headers, 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
      const call = {
        jsonrpc: '2.0',
        id: 2,
        method: 'tools/call',
        params: { name: 'ledger_free', arguments: { text: 'x' } },
      };
      for (const key of [keys.viewer, keys.developer, keys.acmeAdmin, null])
        for (const path of ['/mcp', '/mcp/team']) {
          refused(await send(path, { key, headers: inside, json: call }), [401, 404]);
          refused(await send(path, { key, headers: { ...inside, 'last-event-id': '1' } }), [401, 404]);
          refused(await send(path, { key, headers: inside, method: 'DELETE' }), [401, 404]);
        }
      const ping = { jsonrpc: '2.0', id: 3, method: 'ping' };
      expect((await send('/mcp', { key: keys.operator, headers: inside, json: ping })).status).toBe(200);
      for (const guess of [session.slice(0, -1), `${session}0`, '0'.repeat(session.length), '../x', '__proto__'])
        refused(
          await send('/mcp', { key: keys.operator, headers: { ...inside, 'mcp-session-id': guess }, json: ping }),
          [400, 404],
        );
      expect((await send('/mcp', { key: keys.operator, headers: inside, method: 'DELETE' })).status).toBeLessThan(300);
    },
  },
  {
    name: 'the answer of another caller, out of the cache',
    async run({ send, keys }) {
      const call = async (key: string) => {
        const answer = await send('/api/v1/tools/hostile.plain/call', { key, json: { arguments: { text: 'secret' } } });
        expect(answer.status, answer.text).toBe(200);
        return answer.text.includes('dev.fairlead/cache') || answer.headers.get('x-cache') !== null;
      };
      expect(await call(keys.viewer)).toBe(false);
      expect(await call(keys.viewer)).toBe(true); // so that the next lines say something
      expect(await call(keys.developer)).toBe(false);
      expect(await call(keys.operator)).toBe(false);
    },
  },
  {
    name: 'the answer of another caller, by their idempotency key',
    async run({ send, keys, victim, ledger }) {
      const call = (key: string) =>
        send('/api/v1/tools/ledger.free/call', {
          key,
          headers: { 'idempotency-key': 'shared-between-them' },
          json: { arguments: { text: 'once' } },
        });
      const ran = () => ledger.lines().filter((line) => line === 'free once').length;
      expect((await call(keys.operator)).headers.get('idempotency-replayed')).toBeNull();
      expect((await call(victim.tokens.access_token)).headers.get('idempotency-replayed')).toBeNull();
      expect(ran()).toBe(2); // each their own
    },
    mayChange: ['ran'], // two calls that both may make
  },
  {
    name: 'whether somebody has an account, by what is said and how long it takes',
    async run(world) {
      const tries = 6;
      const spent = { known: [] as number[], unknown: [] as number[] };
      const texts = new Set<string>();
      const sides = { known: 'ada@example.com', unknown: 'nobody@example.com' } as const;
      for (let n = 0; n < tries; n++)
        for (const side of ['known', 'unknown'] as const) {
          const browser = openBrowser(world.fairlead.url);
          browser.headers['x-forwarded-for'] = `203.0.113.${100 + n}`;
          await browser.open('/auth/sign-in');
          const startedAt = performance.now();
          await browser.submit({ email: sides[side], password: `not the password ${n}` });
          spent[side].push(performance.now() - startedAt);
          expect(browser.page.status).toBe(401);
          texts.add(browser.page.text.replaceAll(sides[side], '').replace(/name="seal" value="[^"]*"/g, ''));
        }
      expect(texts.size).toBe(1);
      const median = (list: number[]) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
      const ratio = median(spent.unknown) / median(spent.known);
      console.log(`an unknown account takes ${ratio.toFixed(2)} of the time of a wrong password`);
      // A password that is not looked at takes a hundredth of one that is; how fast the machine is says nothing.
      expect(ratio).toBeGreaterThan(0.2);
      expect(ratio).toBeLessThan(5);
    },
  },
];
