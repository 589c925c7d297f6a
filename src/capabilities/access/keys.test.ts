import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AccessWorld, openAccessWorld } from '../../../test/access.ts';
import { databaseKinds } from '../../../test/database.ts';
import { Conflict, InvalidRequest, NotFound } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { type Access, Forbidden, type KeyRequest, RightsExceeded, setBootstrapKey, systemPrincipal } from './index.ts';

const system = systemPrincipal();
const admin = { org: 'default', name: 'boss', roles: ['admin' as const], createdBy: system };

describe.each(databaseKinds)('API keys on %s', (kind) => {
  let world: AccessWorld;
  let access: Access;

  beforeAll(async () => {
    world = await openAccessWorld(kind);
  });
  afterAll(() => world.stop());
  beforeEach(async () => {
    await world.reset();
    access = world.open();
    await access.start();
  });

  /** A caller as authentication gives it back. */
  async function caller(request: Partial<KeyRequest> = {}): Promise<Principal> {
    return access.authenticate((await access.keys.create({ ...admin, ...request })).secret);
  }

  it('has the rights that its maker chose, and all of its roles by default [SP-14]', async () => {
    expect(await caller()).toMatchObject({ roles: ['admin'], scopes: ['*'] });
    expect(await caller({ roles: ['viewer', 'viewer'], scopes: ['tools:read', 'tools:read'] })).toMatchObject({
      roles: ['viewer'],
      scopes: ['tools:read'],
    });
  });

  it('is made only by who may write keys [SP-14]', async () => {
    for (const createdBy of [await caller({ roles: ['operator'] }), await caller({ scopes: ['tools:call'] })])
      await expect(
        access.keys.create({ org: 'default', name: 'x', roles: ['viewer'], createdBy }),
      ).rejects.toMatchObject({ code: Forbidden.code, message: expect.stringContaining('keys:write') });
  });

  it('never has more scopes than its maker [SP-14]', async () => {
    const createdBy = await caller({ scopes: ['keys:write', 'tools:read'] });
    const make = (request: Partial<KeyRequest>) =>
      access.keys.create({ org: 'default', name: 'x', roles: ['admin'], createdBy, ...request });
    await expect(make({ scopes: ['tools:read', 'tools:call'] })).rejects.toSatisfy(RightsExceeded.is);
    await expect(make({ scopes: ['*'] })).rejects.toSatisfy(RightsExceeded.is);
    expect((await make({ scopes: ['tools:read'] })).key.scopes).toEqual(['tools:read']);
    expect((await make({})).key.scopes).toEqual(['tools:read', 'keys:write']);
    expect((await make({ roles: ['viewer'] })).key.scopes).toEqual(['tools:read']);
    const onlyKeys = await caller({ scopes: ['keys:write'] });
    await expect(make({ roles: ['viewer'], createdBy: onlyKeys })).rejects.toSatisfy(RightsExceeded.is);
  });

  it('never has more roles than its maker [SP-14]', async () => {
    const between: Principal = { ...(await caller()), roles: ['nobody', 'admin'] };
    expect((await access.keys.create({ ...admin, createdBy: between })).key.roles).toEqual(['admin']);
    const none: Principal = { ...between, roles: [] };
    await expect(access.keys.create({ ...admin, createdBy: none })).rejects.toSatisfy(Forbidden.is);
  });

  it('never outlives the key that made it [SP-14]', async () => {
    const expiresAt = world.clock.now() + 60_000;
    const createdBy = await caller({ expiresAt });
    const make = (request: Partial<KeyRequest>) => access.keys.create({ ...admin, createdBy, ...request });
    expect((await make({})).key.expiresAt).toBe(expiresAt);
    expect((await make({ expiresAt: expiresAt - 1 })).key.expiresAt).toBe(expiresAt - 1);
    await expect(make({ expiresAt: expiresAt + 1 })).rejects.toSatisfy(RightsExceeded.is);
    const signedIn: Principal = { ...createdBy, credential: { kind: 'jwt', id: 'https://idp.example' } };
    expect((await make({ createdBy: signedIn })).key.expiresAt).toBeUndefined();
  });

  it('is refused with every fault named [SP-14]', async () => {
    const refused = (request: object) =>
      expect(access.keys.create({ ...admin, ...request } as KeyRequest)).rejects.toSatisfy(InvalidRequest.is);
    await refused({ name: '' });
    await refused({ name: 'two\nlines' });
    await refused({ roles: [] });
    await refused({ roles: ['king'] });
    await refused({ scopes: ['everything'] });
    await refused({ expiresAt: world.clock.now() - 1 });
    await refused({ surprise: true });
    await expect(
      access.keys.create({ ...admin, roles: ['viewer'], scopes: ['tools:read', 'policies:write'] }),
    ).rejects.toMatchObject({ code: InvalidRequest.code, message: expect.stringContaining('policies:write') });
    await expect(access.keys.create({ ...admin, org: 'nowhere' })).rejects.toSatisfy(NotFound.is);
  });

  it('is seen, revoked and made by its own organisation alone [SP-14]', async () => {
    await access.orgs.create({ id: 'ours' });
    await access.orgs.create({ id: 'theirs' });
    const ours = await access.keys.create({ ...admin, org: 'ours' });
    const theirs = await access.authenticate((await access.keys.create({ ...admin, org: 'theirs' })).secret);
    expect(await access.keys.list('theirs')).toMatchObject([{ org: 'theirs' }]);
    await expect(access.keys.get('theirs', ours.key.id)).rejects.toSatisfy(NotFound.is);
    await expect(access.keys.revoke('theirs', ours.key.id)).rejects.toSatisfy(NotFound.is);
    await expect(access.keys.create({ ...admin, org: 'ours', createdBy: theirs })).rejects.toSatisfy(NotFound.is);
    await expect(
      access.keys.create({ ...admin, org: 'theirs', scopes: ['orgs:write'], createdBy: theirs }),
    ).rejects.toSatisfy(InvalidRequest.is);
    expect(await access.authenticate(ours.secret)).toMatchObject({ org: 'ours' });
  });

  it('is listed with what is known of it, oldest first, the revoked ones too [SP-14]', async () => {
    const first = await access.keys.create({ ...admin, owner: 'Ada' });
    const second = await access.keys.create({ ...admin, createdBy: await access.authenticate(first.secret) });
    await access.keys.revoke('default', first.key.id);
    const [one, two] = await access.keys.list('default');
    expect(one).toEqual({ ...first.key, owner: 'Ada', revokedAt: expect.any(Number), lastUsedAt: expect.any(Number) });
    expect(two).toEqual({ ...second.key, owner: 'boss', createdBy: `key:${first.key.id}` });
  });

  it('is handed out once as the bootstrap key, at the first start only [SP-14]', async () => {
    const deps = { db: world.db, keyring: world.keyring, clock: world.clock };
    // With connections at hand, so that replicas which start together really are in each other's way.
    await Promise.all(Array.from({ length: 8 }, () => world.database.pool.query('select pg_sleep(0.05)')));
    const replicas = Array.from({ length: 7 }, () => setBootstrapKey(deps));
    const all = await Promise.all([access.setBootstrapKey(), ...replicas]);
    const [made, ...more] = all.filter((created) => created !== undefined);
    expect(more).toEqual([]);
    expect(made?.key).toMatchObject({ org: 'default', roles: ['admin'], scopes: ['*'], bootstrap: true });
    expect(await access.setBootstrapKey()).toBeUndefined();
    await expect
      .poll(
        () =>
          access.authenticate(made?.secret).then(
            (p) => p.roles,
            () => [],
          ),
        {
          timeout: 2_000,
        },
      )
      .toEqual(['admin']);
    await access.keys.revoke('default', made?.key.id ?? '');
    expect(await access.setBootstrapKey()).toBeUndefined();
  });

  it('is replaced as the bootstrap key by the one of the settings, at each start [SP-14]', async () => {
    const made = await access.setBootstrapKey();
    const [first, second] = ['first key. Of: any=characters, 32+', 'second key that is long enough for it'];
    expect(await access.setBootstrapKey({ secret: first })).toBeUndefined();
    await expect(access.authenticate(made?.secret)).rejects.toThrow();
    const { id } = await access.authenticate(first);
    await access.setBootstrapKey({ secret: first });
    expect((await access.authenticate(first)).id).toBe(id);
    await access.setBootstrapKey({ secret: second });
    await expect(access.authenticate(first)).rejects.toThrow();
    await access.setBootstrapKey({ secret: first });
    expect(await access.authenticate(first)).toMatchObject({ roles: ['admin'], scopes: ['*'] });
    await expect(access.authenticate(second)).rejects.toThrow();
    await access.setBootstrapKey();
    expect(await access.authenticate(first)).toMatchObject({ roles: ['admin'] });
  });

  it('is no bootstrap key when it is short, or another key already [SP-14]', async () => {
    await expect(access.setBootstrapKey({ secret: `${'x'.repeat(31)} ` })).rejects.toSatisfy(InvalidRequest.is);
    const { secret } = await access.keys.create({ ...admin, roles: ['viewer'] });
    await expect(access.setBootstrapKey({ secret })).rejects.toSatisfy(Conflict.is);
    expect(await access.authenticate(secret)).toMatchObject({ roles: ['viewer'] });
  });
});
