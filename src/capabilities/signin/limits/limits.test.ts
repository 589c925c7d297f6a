import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds, openTestDatabase, type TestDatabase } from '../../../../test/database.ts';
import { createKeyring } from '../../../platform/keyring/index.ts';
import { accessMigrations } from '../../access/index.ts';
import { TooManyAttempts } from '../errors.ts';
import { signinMigrations } from '../migrations.ts';
import { createLimits, networkOf } from './limits.ts';

const keyring = createKeyring('a secret of the test, thirty-two bytes or more');
const minuteMs = 60_000;

describe.each(databaseKinds)('limits on %s', (kind) => {
  let world: TestDatabase;
  let now = 1_795_219_200_000;
  const replica = () => createLimits({ db: world.db, keyring, clock: { now: () => now } });

  beforeAll(async () => {
    world = await openTestDatabase([...accessMigrations, ...signinMigrations], { kind });
  });
  afterAll(() => world.stop());
  beforeEach(() => {
    now += 60 * minuteMs;
  });

  const countRefused = async (attempts: readonly Promise<void>[]) => {
    const ends = await Promise.allSettled(attempts);
    const refused = ends.filter((end) => end.status === 'rejected');
    for (const { reason } of refused) expect(TooManyAttempts.is(reason)).toBe(true);
    return refused.length;
  };

  it('count an account from one network, all at once and on every replica together [AC-1]', async () => {
    const [one, other] = [replica(), replica()];
    const attempts = Array.from({ length: 40 }, (_, index) =>
      (index % 2 ? one : other).count({
        email: index % 3 ? 'kim@example.com' : ' KIM@example.com',
        address: '10.0.0.1',
      }),
    );
    expect(await countRefused(attempts)).toBe(30);
    expect(await countRefused([one.count({ email: 'kim@example.com', address: '10.0.1.1' })])).toBe(0);
    now += 16 * minuteMs;
    expect(await countRefused([one.count({ email: 'kim@example.com', address: '10.0.0.1' })])).toBe(0);
  });

  it('count an account from all networks together, and let in a browser that it knows all the same [AC-1]', async () => {
    const limits = replica();
    const attempt = (index: number) => limits.count({ email: 'lou@example.com', address: `10.1.${index}.1` });
    expect(await countRefused(Array.from({ length: 120 }, (_, index) => attempt(index)))).toBe(20);
    const known = { email: 'lou@example.com', address: '10.1.1.1', browser: 'hers' };
    expect(await countRefused(Array.from({ length: 10 }, () => limits.count(known)))).toBe(0);
    expect(await countRefused([limits.count(known)])).toBe(1); // and not without end
    expect(await countRefused([limits.count({ ...known, email: 'other@example.com' })])).toBe(0);
  });

  it('count an address whichever accounts it tries, all of an IPv6 network as one', async () => {
    const limits = replica();
    const attempts = Array.from({ length: 60 }, (_, index) =>
      limits.count({ email: `${index}@example.com`, address: `2001:db8:0:1::${index.toString(16)}` }),
    );
    expect(await countRefused(attempts)).toBe(10);
    expect(await countRefused([limits.count({ email: 'x@example.com', address: '2001:db8:0:2::1' })])).toBe(0);
  });

  it('forget an account that was signed in to', async () => {
    const limits = replica();
    for (let tries = 0; tries < 30; tries++) {
      await limits.count({ email: 'lee@example.com', address: '10.0.2.1' });
      await limits.succeeded({ email: 'lee@example.com', address: '10.0.2.1' });
    }
  });
});

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:db8:0:0:ffff::1', '2001:db8:0:0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['::1', '0:0:0:0'],
  [undefined, 'unknown'],
])('an address stands for its network: %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
