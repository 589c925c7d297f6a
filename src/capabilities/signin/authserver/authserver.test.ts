import { getMigrations } from 'better-auth/db/migration';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, openTestDatabase, silentLog, type TestDatabase } from '../../../../test/database.ts';
import { newId } from '../../../kernel/ids.ts';
import { accessMigrations } from '../../access/index.ts';
import { signinMigrations } from '../migrations.ts';
import { publicKeys } from '../tokens/store.ts';
import { openAuthServer } from './authserver.ts';
import { authOptions } from './options.ts';

describe.each(databaseKinds)('better-auth on %s', (kind) => {
  let world: TestDatabase;
  const depsFor = (publicUrl: string) => ({
    db: world.db,
    log: silentLog,
    secrets: [{ version: 1, value: 'a secret of the test, thirty-two bytes or more' }],
    publicUrl,
    paths: {
      base: '/auth',
      signIn: '/auth/sign-in',
      consent: '/auth/consent',
      device: '/auth/device',
      error: '/auth/error',
    },
    resource: `${publicUrl}/mcp`,
    scopes: ['tools:read', 'offline_access'],
    addressHeader: 'x-address',
    newId,
    hashToken: (token: string) => `hash of ${token}`,
    findHash: async (token: string) => `hash of ${token}`,
    hashClientSecret: async (secret: string) => `hash of ${secret}`,
    claimsOf: () => ({}),
    orgOf: () => undefined,
    passwordCounts: () => true,
  });

  beforeAll(async () => {
    world = await openTestDatabase([...accessMigrations, ...signinMigrations], { kind });
  });
  afterAll(() => world.stop());

  it('finds all that it wants in what our migrations make', async () => {
    const { toBeCreated, toBeAdded } = await getMigrations(
      authOptions(depsFor('https://fairlead.example.com')) as never,
    );
    expect([toBeCreated, toBeAdded]).toEqual([[], []]);
  });

  it('gives cookies that only https carries, where that is the public address, and knows them again', async () => {
    const auth = await openAuthServer(depsFor('https://fairlead.example.com'));
    const { userId } = await auth.createUser({ email: 'Kim@Example.com', name: 'Kim', password: 'four plain words' });
    const attempt = { email: 'kim@example.com', address: '203.0.113.7', userAgent: 'a browser' };
    expect(await auth.signIn({ ...attempt, password: 'four plain word' })).toBeUndefined();
    const signedIn = await auth.signIn({ ...attempt, password: 'four plain words' });
    expect(signedIn?.userId).toBe(userId);
    expect(signedIn?.cookies).toEqual([
      expect.stringMatching(/^__Secure-fairlead\.session_token=(?=.*; Secure)(?=.*; HttpOnly)(?=.*; SameSite=Lax)/),
    ]);
    const cookie = signedIn?.cookies[0]?.split(';')[0];
    expect(await auth.visitor({ cookie })).toMatchObject({ userId, email: 'kim@example.com', name: 'Kim' });
    expect(await auth.visitor({ cookie: cookie?.replace(/.{3}$/, 'xyz') })).toBeUndefined();
    await auth.signOut({ cookie });
    expect(await auth.visitor({ cookie })).toBeUndefined();
  });

  it('makes new keys where those that there are were sealed with another secret', async () => {
    const deps = depsFor('https://fairlead.example.com');
    await openAuthServer(deps);
    const before = await publicKeys(world.db, Date.now());
    const secrets = [{ version: 2, value: 'another secret of the test, thirty-two bytes or more' }];
    await openAuthServer({ ...deps, secrets });
    await openAuthServer({ ...deps, secrets });
    const after = await publicKeys(world.db, Date.now());
    expect([before.length, after.length]).toEqual([1, 1]);
    expect(after[0]?.id).not.toBe(before[0]?.id);
  });

  it('keeps keys and sessions where the secret before is still known [AC-4]', async () => {
    const deps = depsFor('https://fairlead.example.com');
    const secrets = [
      { version: 3, value: 'a third secret of the test, thirty-two bytes or more' },
      { version: 2, value: 'another secret of the test, thirty-two bytes or more' },
    ];
    const earlier = await openAuthServer({ ...deps, secrets: secrets.slice(1) });
    const [key] = await publicKeys(world.db, Date.now());
    await earlier.createUser({ email: 'lee@example.com', name: 'Lee', password: 'four plain words' });
    const signedIn = await earlier.signIn({
      email: 'lee@example.com',
      password: 'four plain words',
      address: undefined,
      userAgent: undefined,
    });
    const cookie = signedIn?.cookies[0]?.split(';')[0];
    const during = await openAuthServer({ ...deps, secrets });
    expect(await during.visitor({ cookie })).toMatchObject({ email: 'lee@example.com' });
    await openAuthServer({ ...deps, secrets: secrets.slice(0, 1) });
    expect((await publicKeys(world.db, Date.now()))[0]?.id).toBe(key?.id);
  });
});
