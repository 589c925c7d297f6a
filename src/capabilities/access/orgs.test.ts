import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AccessWorld, openAccessWorld } from '../../../test/access.ts';
import { databaseKinds } from '../../../test/database.ts';
import { Conflict, InvalidRequest, NotFound } from '../../kernel/errors.ts';
import { type Access, createKey, InvalidCredential, type Purger, systemPrincipal } from './index.ts';

describe.each(databaseKinds)('organisations on %s', (kind) => {
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

  const keyIn = (org: string) =>
    access.keys.create({ org, name: 'ci', roles: ['admin'], createdBy: systemPrincipal() });

  it('are made, listed and found, beside the default one [SP-14]', async () => {
    const made = await access.orgs.create({ id: 'ours', name: ' Our team ' });
    expect(made).toEqual({ id: 'ours', name: 'Our team', createdAt: expect.any(Number) });
    expect((await access.orgs.create({ id: 'a-2' })).name).toBe('a-2');
    expect((await access.orgs.list()).map(({ id }) => id)).toEqual(['a-2', 'default', 'ours']);
    expect(await access.orgs.get('ours')).toEqual(made);
    await expect(access.orgs.get('theirs')).rejects.toSatisfy(NotFound.is);
  });

  it('have names that fit and are not taken [SP-14]', async () => {
    for (const id of ['', 'Ours', '1st', 'a b', 'a'.repeat(40)])
      await expect(access.orgs.create({ id })).rejects.toSatisfy(InvalidRequest.is);
    await access.orgs.create({ id: 'ours' });
    await expect(access.orgs.create({ id: 'ours' })).rejects.toSatisfy(Conflict.is);
  });

  it('are purged with all that belongs to them and nothing else [SP-14]', async () => {
    const [ours, theirs] = [await made('ours'), await made('theirs')];
    await world.database.pool.query(`drop table if exists books; create table books (org text not null, title text);
      insert into books values ('ours', 'Bowditch'), ('theirs', 'Knight')`);
    const purger: Purger = async (db, org) =>
      void (await db.withTables<{ books: { org: string } }>().deleteFrom('books').where('org', '=', org).execute());
    const purging = world.open({ purgers: [purger] });
    await purging.start();
    await purging.orgs.purge('ours');
    expect((await access.orgs.list()).map(({ id }) => id)).toEqual(['default', 'theirs']);
    const { rows } = await world.database.pool.query(
      'select org from books union all select org from access_keys order by org',
    );
    expect(rows).toEqual([{ org: 'theirs' }, { org: 'theirs' }]);
    await expect(purging.authenticate(ours.secret)).rejects.toSatisfy(InvalidCredential.is);
    expect(await purging.authenticate(theirs.secret)).toMatchObject({ org: 'theirs' });
    await expect
      .poll(() => access.authenticate(ours.secret).then(() => 'let in', InvalidCredential.is), { timeout: 2_000 })
      .toBe(true);
    await access.orgs.create({ id: 'ours' });
    expect(await access.keys.list('ours')).toEqual([]);
    await expect(access.authenticate(ours.secret)).rejects.toSatisfy(InvalidCredential.is);
  });

  it('stay whole when a part of the purge fails [SP-14]', async () => {
    const { secret } = await made('ours');
    const failing = world.open({
      purgers: [
        async (db, org) =>
          void (await db
            .withTables<{ access_keys: { org: string } }>()
            .deleteFrom('access_keys')
            .where('org', '=', org)
            .execute()),
        () => Promise.reject(new Error('the disk is full')),
      ],
    });
    await expect(failing.orgs.purge('ours')).rejects.toThrow('the disk is full');
    expect(await access.keys.list('ours')).toHaveLength(1);
    expect(await access.authenticate(secret)).toMatchObject({ org: 'ours' });
  });

  it('are not purged when they are the default one or none [SP-14]', async () => {
    await expect(access.orgs.purge('default')).rejects.toSatisfy(Conflict.is);
    await expect(access.orgs.purge('nowhere')).rejects.toSatisfy(NotFound.is);
    expect(await access.orgs.get('default')).toMatchObject({ name: 'Default' });
  });

  it('get no new key while they are purged [SP-14]', async () => {
    await made('ours');
    const deps = { db: world.db, keyring: world.keyring, clock: world.clock };
    const [purged, key] = await Promise.allSettled([
      access.orgs.purge('ours'),
      createKey(deps, { org: 'ours', name: 'late', roles: ['viewer'], createdBy: systemPrincipal() }),
    ]);
    expect(purged.status).toBe('fulfilled');
    if (key.status === 'rejected') expect(key.reason).toSatisfy(NotFound.is);
    const { rows } = await world.database.pool.query("select id from access_keys where org = 'ours'");
    expect(rows).toEqual([]);
  });

  async function made(id: string) {
    await access.orgs.create({ id });
    return keyIn(id);
  }
});
