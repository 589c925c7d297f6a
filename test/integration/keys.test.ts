import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { invited } from '../signin.ts';

let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({ config: { upstreams: { fixture: fixtureUpstream() } } });
});
afterAll(() => fairlead?.stop());

const ask = async (path: string, more: Parameters<Fairlead['request']>[1] = {}) => {
  const response = await fairlead.request(`/api/v1${path}`, more);
  return { status: response.status, body: response.status === 204 ? undefined : await response.json() };
};
const me = async (key: string) => (await ask('/me', { key })).status;
const create = async (more: object = {}, key = fairlead.adminKey) =>
  (await ask('/keys', { key, json: { name: 'agent', roles: ['developer'], ...more } })).body;

describe('an API key', () => {
  it('is listed with its last use, whence it came, and its scopes [AC-6]', async () => {
    const { key, secret } = await create({ scopes: ['tools:read'] });
    expect((await ask(`/keys/${key.id}`)).body).not.toHaveProperty('lastUsedAt');
    const before = Date.now();
    expect(await me(secret)).toBe(200);
    const { keys } = (await ask('/keys')).body;
    const found = keys.find(({ id }: { id: string }) => id === key.id);
    expect(found).toMatchObject({ scopes: ['tools:read'], lastUsedFrom: '127.0.0.1' });
    expect(found.lastUsedAt).toBeGreaterThanOrEqual(before);
  });

  it('has a new secret at once while the old one counts for the overlap, and both are told of [AC-6]', async () => {
    const { key, secret } = await create();
    const rotated = await ask(`/keys/${key.id}/rotate`, { json: { overlapMs: 3_600_000 } });
    expect(rotated.status).toBe(200);
    const { secret: newer, key: shown } = rotated.body;
    expect(newer).not.toBe(secret);
    expect(shown.previous.until).toBeGreaterThan(Date.now() + 3_000_000);
    expect(shown.previous).not.toHaveProperty('lastUsedAt');
    expect([await me(secret), await me(newer)]).toEqual([200, 200]);
    expect((await ask(`/keys/${key.id}`)).body.previous.lastUsedAt).toBeGreaterThanOrEqual(shown.rotatedAt);

    const again = (await ask(`/keys/${key.id}/rotate`, { json: { overlapMs: 3_600_000 } })).body.secret;
    expect([await me(secret), await me(newer), await me(again)]).toEqual([401, 200, 200]);
    const last = (await ask(`/keys/${key.id}/rotate`, { json: { overlapMs: 0 } })).body;
    expect([await me(newer), await me(again), await me(last.secret)]).toEqual([401, 401, 200]);
    expect(last.key).not.toHaveProperty('previous');
    const brief = (await ask(`/keys/${key.id}/rotate`, { json: { overlapMs: 400 } })).body;
    await expect.poll(() => me(last.secret)).toBe(401);
    expect(await me(brief.secret)).toBe(200);
  });

  it('is rotated and kept alive only by who holds what it opens, and never once it has ended [AC-6]', async () => {
    const { key } = await create({ roles: ['admin'] });
    const narrow = await fairlead.makeKey(['admin'], { scopes: ['keys:write'] });
    const later = Date.now() + 86_400_000;
    expect((await ask(`/keys/${key.id}/rotate`, { key: narrow, json: {} })).body.code).toBe('RIGHTS_EXCEEDED');
    const change = { key: narrow, method: 'PUT', json: { expiresAt: later } };
    expect((await ask(`/keys/${key.id}`, change)).body.code).toBe('RIGHTS_EXCEEDED');
    const own = await ask('/keys');
    const admin = own.body.keys.find(({ bootstrap }: { bootstrap: boolean }) => bootstrap);
    expect((await ask(`/keys/${admin.id}/rotate`, { json: {} })).status).toBe(409);
    await ask(`/keys/${key.id}`, { method: 'DELETE' });
    expect((await ask(`/keys/${key.id}/rotate`, { json: {} })).status).toBe(409);
    expect((await ask(`/keys/${key.id}`, { method: 'PUT', json: { expiresAt: later } })).status).toBe(409);
  });

  it('gets another end, which is warned of before it comes [AC-6]', async () => {
    const { key, secret } = await create();
    const soon = Date.now() + 3 * 86_400_000;
    expect((await ask(`/keys/${key.id}`, { method: 'PUT', json: { expiresAt: soon } })).body.expiresAt).toBe(soon);
    const { warnings } = (await ask('/status')).body;
    expect(warnings).toContainEqual(expect.stringContaining(`${key.id} (agent) ends at`));
    const reader = await fairlead.makeKey(['operator']);
    expect((await ask('/status', { key: reader })).body.warnings).toEqual([]);
    const metrics = await (await fairlead.request('/metrics')).text();
    expect(metrics).toMatch(/^fairlead_keys_expiring 1$/m);
    const never = await ask(`/keys/${key.id}`, { method: 'PUT', json: { expiresAt: null } });
    expect(never.body).not.toHaveProperty('expiresAt');
    expect((await ask('/status')).body.warnings).toEqual([]);
    await ask(`/keys/${key.id}`, { method: 'PUT', json: { expiresAt: Date.now() + 300 } });
    await expect.poll(() => me(secret)).toBe(401);
  });
});

describe("a member's key", () => {
  it('acts for the person, may no more than they may now, and ends with them [AC-6]', async () => {
    const { id } = await invited(fairlead, 'kim@example.com', { role: 'operator', teams: ['platform'] });
    const { key, secret } = await create({ roles: ['operator'], userId: id });
    expect(key).toMatchObject({ userId: id, owner: 'kim@example.com' });
    const who = async () => (await ask('/me', { key: secret })).body;
    expect(await who()).toMatchObject({
      id: `key:${key.id}`,
      actsFor: `user:${id}`,
      roles: ['operator'],
      teams: ['platform'],
    });
    const audit = () => ask('/audit?limit=1', { key: secret });
    expect((await audit()).status).toBe(200);
    await ask(`/users/${id}`, { method: 'PUT', json: { role: 'viewer', teams: [] } });
    expect((await audit()).status).toBe(403);
    expect(await who()).toMatchObject({ roles: ['viewer'], teams: [] });
    await ask(`/users/${id}`, { method: 'PUT', json: { role: 'admin' } });
    expect(await who()).toMatchObject({ roles: ['operator'] }); // and never more than it was made with
    await ask(`/users/${id}`, { method: 'DELETE' });
    expect(await me(secret)).toBe(401);
    expect((await ask(`/keys/${key.id}`)).body.revokedAt).toBeGreaterThan(0);
  });

  it('is not made for a stranger, or with more than the person has [AC-6]', async () => {
    const { id } = await invited(fairlead, 'lee@example.com', { role: 'viewer' });
    const wanted = { name: 'agent', roles: ['developer'] };
    expect((await ask('/keys', { json: { ...wanted, userId: id } })).body.code).toBe('RIGHTS_EXCEEDED');
    expect((await ask('/keys', { json: { ...wanted, userId: 'usr_nobody' } })).status).toBe(400);
    await ask('/orgs', { json: { id: 'acme' } });
    const elsewhere = { ...wanted, roles: ['viewer'], userId: id };
    expect((await ask('/keys?org=acme', { json: elsewhere })).status).toBe(400);
  });
});
