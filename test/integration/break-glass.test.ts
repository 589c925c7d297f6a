import { Writable } from 'node:stream';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

let fairlead: Fairlead;
let logged = '';

beforeAll(async () => {
  const log = new Writable({
    write(chunk, _, done) {
      logged += chunk;
      done();
    },
  });
  fairlead = await startFairlead({
    // Nobody signs in here: no issuer, and the built-in sign-in is off.
    config: { upstreams: { fixture: fixtureUpstream() }, auth: { builtIn: false } },
    log,
  });
});
afterAll(() => fairlead?.stop());

const ask = async (path: string, more: Parameters<Fairlead['request']>[1] = {}) => {
  const response = await fairlead.request(`/api/v1${path}`, more);
  return { status: response.status, body: response.status === 204 ? undefined : await response.json() };
};
const reason = 'the identity provider is down';
const create = async (more: object = {}) => (await ask('/break-glass', { json: { name: 'safe', ...more } })).body;
const activate = (key: string, more: object = {}) => ask('/break-glass/activate', { key, json: { reason, ...more } });
const metric = async (name: string) => {
  const text = await (await fairlead.request('/metrics')).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
};
const lines = () =>
  logged
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe('a break-glass credential', () => {
  it('opens nothing by itself, then administration, once, with a reason, and loudly [AC-6]', async () => {
    const { credential, secret } = await create();
    expect(await metric('fairlead_break_glass_sealed')).toBe(1);
    for (const path of ['/keys', '/policies', '/tools', '/audit', '/break-glass'])
      expect((await ask(path, { key: secret })).status).toBe(403);
    for (const [path, method] of [
      ['/me', 'GET'],
      ['/connections', 'GET'],
      ['/connections/fixture', 'POST'],
      ['/connections/fixture', 'DELETE'],
    ] as const)
      expect(await ask(path, { key: secret, method })).toMatchObject({
        status: 403,
        body: { code: 'BREAK_GLASS_SEALED' },
      });
    expect((await activate(secret, { reason: 'because' })).status).toBe(400);
    expect((await activate(fairlead.adminKey)).status).toBe(401);

    // Policy has locked everybody out.
    const text = '@id("nobody") forbid (principal, action, resource);';
    expect((await ask('/policies/lock', { method: 'PUT', json: { text } })).status).toBeLessThan(300);
    const before = await metric('fairlead_break_glass_uses_total');
    const [first, second] = await Promise.all([activate(secret), activate(secret)]);
    expect([first.status, second.status].sort()).toEqual([200, 401]);
    const opened = first.status === 200 ? first.body : second.body;
    expect(opened.credential).toMatchObject({ kind: 'active', reason });
    const again = await activate(secret);
    expect([again.status, again.body.message]).toEqual([401, expect.stringContaining('was used before')]);
    expect(opened.credential.expiresAt).toBeGreaterThan(Date.now() + 3_000_000);
    expect(await metric('fairlead_break_glass_uses_total')).toBe(before + 1);
    expect([await metric('fairlead_break_glass_active'), await metric('fairlead_break_glass_sealed')]).toEqual([1, 0]);
    expect((await ask('/status')).body.warnings).toContainEqual(expect.stringContaining('break-glass access is open'));
    expect(lines()).toContainEqual(
      expect.objectContaining({ severity: 'FATAL', reason, breakGlass: opened.credential.id }),
    );

    // It mends policies and keys.
    const key = opened.secret;
    expect((await ask('/policies/lock', { key, method: 'DELETE' })).status).toBe(204);
    const admin = await ask('/keys', { key, json: { name: 'new admin', roles: ['admin'] } });
    expect(admin.body.key).toMatchObject({ scopes: ['*'], createdBy: `break-glass:${opened.credential.id}` });
    expect(admin.body.key).not.toHaveProperty('expiresAt');
    expect(lines()).toContainEqual(
      expect.objectContaining({ severity: 'WARN', reason, message: 'a request by break-glass access' }),
    );

    // It calls no tool, by no surface.
    const called = await ask('/tools/fixture.echo/call', { key, json: { arguments: { text: 'x' } } });
    expect(called.status).toBe(403);
    const client = new Client({ name: 'glass', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(`${fairlead.url}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
    });
    await expect(client.connect(transport)).rejects.toThrow();

    const { records } = (await ask('/audit?kind=act&limit=500')).body;
    const of = (action: string) => records.filter((record: { action: string }) => record.action === action);
    expect(of('break_glass.create')).toMatchObject([{ subject: credential.id, outcome: 'ok' }]);
    expect(of('break_glass.activate')).toContainEqual(
      expect.objectContaining({
        outcome: 'ok',
        subject: opened.credential.id,
        principal: expect.objectContaining({ id: `break-glass:${credential.id}` }),
        detail: expect.objectContaining({ reason, sealed: credential.id }),
      }),
    );
    expect(of('policies.remove')).toContainEqual(
      expect.objectContaining({ principal: expect.objectContaining({ id: `break-glass:${opened.credential.id}` }) }),
    );
    for (const shown of [secret, key]) expect(logged + JSON.stringify(records)).not.toContain(shown);

    expect((await ask(`/break-glass/${opened.credential.id}`, { key, method: 'DELETE' })).status).toBe(204);
    expect((await ask('/keys', { key })).status).toBe(401);
    expect((await ask('/keys', { key: admin.body.secret })).status).toBe(200);
    expect(await metric('fairlead_break_glass_active')).toBe(0);

    const refused = await metric('fairlead_break_glass_refused_total');
    expect((await activate(secret)).status).toBe(401);
    expect(await metric('fairlead_break_glass_refused_total')).toBe(refused + 1);
    const { credentials } = (await ask('/break-glass')).body;
    expect(credentials).toMatchObject([
      { id: opened.credential.id, kind: 'active', reason },
      { id: credential.id, kind: 'sealed', reason },
    ]);
    expect((await ask('/keys')).body.keys.map(({ id }: { id: string }) => id)).not.toContain(credential.id);
  });

  it('is made only by who may do everything, can expire, and can be destroyed [AC-6]', async () => {
    const json = { name: 'x' };
    const narrow = await fairlead.makeKey(['admin'], { scopes: ['orgs:write', 'keys:write'] });
    expect((await ask('/break-glass', { key: narrow, json })).body.code).toBe('RIGHTS_EXCEEDED');
    const operator = await fairlead.makeKey(['operator']);
    expect((await ask('/break-glass', { key: operator, json })).status).toBe(403);
    const short = await create({ expiresAt: Date.now() + 300 });
    await expect.poll(async () => (await activate(short.secret)).status).toBe(401);
    const { credential, secret } = await create();
    expect((await ask(`/break-glass/${credential.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await activate(secret)).status).toBe(401);
    expect((await ask(`/break-glass/${credential.id}`, { method: 'DELETE' })).status).toBe(404);
  });
});
