import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AccessWorld, openAccessWorld } from '../../../test/access.ts';
import { databaseKinds, silentLog } from '../../../test/database.ts';
import { createBus } from '../../platform/bus/index.ts';
import {
  type Access,
  AccessUnavailable,
  createKey,
  ExpiredCredential,
  InvalidCredential,
  MissingCredential,
  systemPrincipal,
} from './index.ts';

const hour = 3_600_000;
const wanted = { org: 'default', name: 'ci', roles: ['developer' as const], createdBy: systemPrincipal() };

describe.each(databaseKinds)('access on %s', (kind) => {
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

  it('lets a caller in by the key it was shown [SP-14]', async () => {
    const { key, secret } = await access.keys.create({ ...wanted, scopes: ['tools:read'], owner: 'Ada' });
    expect(await access.authenticate(secret)).toEqual({
      id: `key:${key.id}`,
      kind: 'service',
      org: 'default',
      name: 'ci',
      roles: ['developer'],
      scopes: ['tools:read'],
      credential: { kind: 'api_key', id: key.id },
    });
    expect(await access.authenticate(` ${secret}\n`)).toMatchObject({ id: `key:${key.id}` });
  });

  it('says which credential is missing, wrong or too long [SP-14]', async () => {
    await expect(access.authenticate(undefined)).rejects.toSatisfy(MissingCredential.is);
    await expect(access.authenticate('   ')).rejects.toSatisfy(MissingCredential.is);
    await expect(access.authenticate('fl_guess_guess')).rejects.toSatisfy(InvalidCredential.is);
    await expect(access.authenticate('x'.repeat(20_000))).rejects.toSatisfy(InvalidCredential.is);
  });

  it('ends a key at its expiry [SP-14]', async () => {
    const { secret } = await access.keys.create({ ...wanted, expiresAt: world.clock.now() + 10_000 });
    expect((await access.authenticate(secret)).expiresAt).toBeDefined();
    world.clock.advance(10_001);
    await expect(access.authenticate(secret)).rejects.toSatisfy(ExpiredCredential.is);
  });

  it('ends a revoked key at once where it was revoked, whatever is read later [SP-14]', async () => {
    const { key, secret } = await access.keys.create(wanted);
    const revoking = access.keys.revoke('default', key.id);
    const revoked = await revoking;
    await expect(access.authenticate(secret)).rejects.toSatisfy(InvalidCredential.is);
    expect(revoked.revokedAt).toBeDefined();
    world.clock.advance(5_000);
    expect((await access.keys.revoke('default', key.id)).revokedAt).toBe(revoked.revokedAt);
  });

  it('ends a revoked key at once even when nothing can be read any more [SP-14]', async () => {
    const { key, secret } = await access.keys.create(wanted);
    await world.hide('access_orgs');
    await access.keys.revoke('default', key.id);
    await expect(access.authenticate(secret)).rejects.toSatisfy(AccessUnavailable.is);
    await world.show('access_orgs');
    await untilRejected(() => access.authenticate(secret));
  });

  it('ends a revoked key on another replica within a second while the bus is down [SP-14]', { retry: 2 }, async () => {
    const replica = world.open();
    await replica.start();
    const { key, secret } = await access.keys.create(wanted);
    await untilSettled(() => replica.authenticate(secret));
    await access.keys.revoke('default', key.id);
    const revokedAt = performance.now();
    await untilRejected(() => replica.authenticate(secret));
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
  });

  it('tells another replica by the bus before it would look by itself [SP-14]', async () => {
    const openBus = () => createBus({ database: world.database, log: silentLog });
    const bus = await openBus();
    // The bus of the embedded database is the process itself; elsewhere each replica has its own.
    const otherBus = kind === 'embedded' ? bus : await openBus();
    const timing = { pollMs: hour };
    const [one, other] = [world.open({ bus, timing }), world.open({ bus: otherBus, timing })];
    await Promise.all([one.start(), other.start()]);
    const { key, secret } = await one.keys.create(wanted);
    await untilSettled(() => other.authenticate(secret));
    await one.keys.revoke('default', key.id);
    await untilRejected(() => other.authenticate(secret));
    await Promise.all([bus.stop(), otherBus.stop()]);
  });

  it('sees within a second a key that was made without a server [SP-14]', { retry: 2 }, async () => {
    const { secret } = await createKey({ db: world.db, keyring: world.keyring, clock: world.clock }, wanted);
    await sleep(1_000);
    expect(await access.authenticate(secret)).toMatchObject({ name: 'ci' });
  });

  it('keeps neither the secret nor anything that opens the door [SP-14]', async () => {
    const { key, secret } = await access.keys.create(wanted);
    expect(secret).toMatch(/^fl_[0-9a-z]{26}_[0-9a-z]{39}$/);
    const { rows } = await world.database.pool.query('select * from access_keys');
    const stored = JSON.stringify(rows);
    expect(stored).toContain(key.id);
    expect(stored).not.toContain(secret.split('_')[2]);
    const [row] = rows;
    await expect(access.authenticate(row.hash)).rejects.toSatisfy(InvalidCredential.is);
    expect(JSON.stringify(await access.keys.list('default'))).not.toContain(row.hash);
    expect(JSON.stringify([key, await access.keys.get('default', key.id)])).not.toContain(row.hash);
  });

  it('notes the last use of a key, and writes it down when it stops [SP-14]', async () => {
    const { key, secret } = await access.keys.create(wanted);
    expect(await access.keys.get('default', key.id)).not.toHaveProperty('lastUsedAt');
    const before = world.clock.now();
    await access.authenticate(secret);
    const seen = (await access.keys.list('default')).find(({ id }) => id === key.id)?.lastUsedAt;
    expect(seen).toBeGreaterThanOrEqual(before);
    await access.stop();
    expect((await world.open().keys.get('default', key.id)).lastUsedAt).toBe(seen);
  });

  it('writes a last use down later when it cannot be written now [SP-14]', async () => {
    const { key, secret } = await access.keys.create(wanted);
    await access.authenticate(secret);
    await world.hide('access_keys');
    await access.stop();
    await world.show('access_keys');
    await access.start();
    await access.stop();
    expect(await world.open().keys.get('default', key.id)).toHaveProperty('lastUsedAt');
  });

  it('never moves a last use back [SP-14]', async () => {
    const { key, secret } = await access.keys.create(wanted);
    world.clock.advance(hour);
    await access.authenticate(secret);
    await access.stop();
    const late = (await access.keys.get('default', key.id)).lastUsedAt;
    world.clock.advance(-hour);
    const replica = world.open();
    await replica.start();
    await replica.authenticate(secret);
    await replica.stop();
    expect((await replica.keys.get('default', key.id)).lastUsedAt).toBe(late);
  });

  it('lets nobody in before the keys were read [SP-14]', async () => {
    const { secret } = await access.keys.create(wanted);
    await expect(world.open().authenticate(secret)).rejects.toSatisfy(AccessUnavailable.is);
  });

  it('goes on with known keys for 30 s without its database, lets nobody new in, and then nobody [SP-14]', async () => {
    const { secret } = await access.keys.create(wanted);
    await world.hide('access_revision');
    const strangersEnd = () => access.authenticate('fl_who_knows').catch((error) => error.code);
    await expect.poll(strangersEnd).toBe('ACCESS_UNAVAILABLE');
    expect(await access.authenticate(secret)).toMatchObject({ name: 'ci' });
    await expect(access.authenticate('fl_who_knows')).rejects.toMatchObject({
      code: 'ACCESS_UNAVAILABLE',
      spec: { status: 503, retryable: true },
      retryAfterSeconds: 2,
    });
    world.clock.advance(28_000);
    expect(await access.authenticate(secret)).toMatchObject({ name: 'ci' });
    world.clock.advance(3_000);
    await expect(access.authenticate(secret)).rejects.toSatisfy(AccessUnavailable.is);
    await world.show('access_revision');
    await untilSettled(() => access.authenticate(secret));
    await expect(access.authenticate('fl_who_knows')).rejects.toSatisfy(InvalidCredential.is);
  });

  it('looks again before it refuses when the machine had slept [SP-14]', async () => {
    const { key, secret } = await access.keys.create(wanted);
    const replica = world.open({ timing: { pollMs: hour } });
    await replica.start();
    world.clock.advance(hour);
    expect(await replica.authenticate(secret)).toMatchObject({ name: 'ci' });
    await access.keys.revoke('default', key.id);
    world.clock.advance(hour);
    await expect(replica.authenticate(secret)).rejects.toSatisfy(InvalidCredential.is);
  });

  it('does not take keys for fresher because the clock was set back [SP-14]', async () => {
    const { secret } = await access.keys.create(wanted);
    await world.hide('access_revision');
    world.clock.advance(-hour);
    expect(await access.authenticate(secret)).toMatchObject({ name: 'ci' });
    world.clock.advance(31_000);
    await expect(access.authenticate(secret)).rejects.toSatisfy(AccessUnavailable.is);
  });

  it('counts a database that hangs as one that does not answer [SP-14]', async () => {
    const replica = world.open({ timing: { pollMs: 20, readTimeoutMs: 500 } });
    await replica.start();
    const { secret } = await access.keys.create(wanted);
    await untilSettled(() => replica.authenticate(secret));
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = world.db.transaction().execute(async (tx) => {
      await sql`lock table access_revision in access exclusive mode`.execute(tx);
      locked.resolve();
      await held.promise;
    });
    await locked.promise;
    await untilRejected(() => replica.authenticate('fl_who_knows'), AccessUnavailable.is);
    held.resolve();
    await holding;
    await untilRejected(() => replica.authenticate('fl_who_knows'), InvalidCredential.is);
  });

  it('fails to start without its tables, and starts when they are there [SP-14]', async () => {
    const replica = world.open();
    await world.hide('access_revision');
    await expect(replica.start()).rejects.toThrow();
    await world.show('access_revision');
    await replica.start();
    const { secret } = await access.keys.create(wanted);
    await untilSettled(() => replica.authenticate(secret));
  });

  it('starts and stops as often as it is told [SP-14]', async () => {
    const { key, secret } = await access.keys.create(wanted);
    const stopped = access.stop();
    expect(access.stop()).toBe(stopped);
    const started = access.start();
    expect(access.start()).toBe(started);
    await Promise.all([stopped, started]);
    const replica = world.open();
    await replica.keys.revoke('default', key.id);
    await untilRejected(() => access.authenticate(secret));
    await access.stop();
    await access.stop();
  });
});

async function untilSettled(attempt: () => Promise<unknown>): Promise<void> {
  await expect
    .poll(
      () =>
        attempt().then(
          () => true,
          () => false,
        ),
      { interval: 10, timeout: 5_000 },
    )
    .toBe(true);
}

async function untilRejected(attempt: () => Promise<unknown>, is = InvalidCredential.is): Promise<void> {
  await expect.poll(() => attempt().then(() => false, is), { interval: 10, timeout: 5_000 }).toBe(true);
}
