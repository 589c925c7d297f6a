import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase, silentLog, type TestDatabase } from '../../../../test/database.ts';
import { systemClock } from '../../../kernel/clock.ts';
import { type Bus, createBus } from '../../../platform/bus/index.ts';
import { createKeyring, type Keyring } from '../../../platform/keyring/index.ts';
import { eventsMigrations } from '../migrations.ts';
import { createDestinations, type Destinations } from './destinations.ts';
import { keptDestinations } from './sealing.ts';

const [older, newer, another] = ['older', 'newer', 'another'].map((word) => word.padEnd(32, '.')) as [
  string,
  string,
  string,
];
const reference = `\${${'vault:team/hook#secret'}}`;
let database: TestDatabase;
let bus: Bus;
const open: Destinations[] = [];
const kept: string[][] = [];

beforeAll(async () => {
  database = await openTestDatabase(eventsMigrations);
  bus = await createBus({ log: silentLog });
}, 60_000);
afterAll(async () => {
  for (const one of open) await one.stop();
  await bus?.stop();
  await database?.stop();
});

async function destinationsOf(keyring: Keyring): Promise<Destinations> {
  const one = createDestinations({
    ...{ db: database.db, bus, keyring, clock: systemClock, log: silentLog, declared: {} },
    resolve: async (text) => text.replace(reference, `whsec_${'A'.repeat(44)}`),
    keep: (standing) => void kept.push(standing.map(({ name }) => name)),
    assertAllowed: async () => undefined,
  });
  open.push(one);
  await one.start();
  return one;
}
const webhook = { type: 'webhook', url: 'https://pager.example.com/', events: ['a.*'] } as const;
const secretsOf = async (one: Destinations, name: string) => (await one.find('default', name)?.ready())?.settings;

it('moves to another secret of the server, and says what no secret opens any more [CO-9] [AC-5]', async () => {
  const before = await destinationsOf(createKeyring(older));
  const { secret } = await before.put('default', 'pager', webhook, 'key:1');
  const both = createKeyring(newer, [older]);
  const renewal = {
    isCurrent: both.isCurrent,
    again: (sealed: string, context: string) => both.encrypt(both.decrypt(sealed, context), context),
  };
  expect(await keptDestinations(database.db).renew(renewal)).toEqual({ renewed: 1, lost: 0 });
  expect(await keptDestinations(database.db).renew(renewal)).toEqual({ renewed: 0, lost: 0 });
  expect(await secretsOf(await destinationsOf(createKeyring(newer)), 'pager')).toMatchObject({ secrets: [secret] });

  const stranger = await destinationsOf(createKeyring(another));
  expect(stranger.list('default')).toMatchObject([
    { name: 'pager', settings: {}, fault: expect.stringContaining('given again') },
  ]);
  expect([stranger.known(), stranger.for({ org: 'default', type: 'a.b' })]).toEqual([[], []]);
  await expect(stranger.rotate('default', 'pager', 0, 'key:1')).rejects.toMatchObject({
    code: 'DESTINATION_UNREADABLE',
  });
  await stranger.put('default', 'pager', webhook, 'key:1');
  expect(stranger.for({ org: 'default', type: 'a.b' })).toHaveLength(1);
  await stranger.remove('default', 'pager');
});

it('takes secrets by reference, and the file before what was added under its name [CO-9]', async () => {
  const one = await destinationsOf(createKeyring(newer));
  await one.put('default', 'vaulted', { ...webhook, secrets: reference }, 'key:1');
  expect(kept.at(-1)).toEqual(['team/hook#secret']);
  expect(await secretsOf(one, 'vaulted')).toMatchObject({ secrets: [`whsec_${'A'.repeat(44)}`] });

  const ofFile = { ...webhook, secrets: 'whsec_of_file', events: ['b.*'], org: 'default' };
  one.redeclare({ vaulted: { ...ofFile, timeoutSeconds: 1, attempts: 1, firstRetrySeconds: 1 } });
  expect(one.list('default').map(({ name, source }) => [name, source])).toEqual([['vaulted', 'file']]);
  expect([one.for({ org: 'default', type: 'a.b' }).length, one.for({ org: 'default', type: 'b.c' }).length]).toEqual([
    0, 1,
  ]);
  for (const act of [one.put('default', 'vaulted', webhook, 'key:1'), one.remove('default', 'vaulted')])
    await expect(act).rejects.toMatchObject({ code: 'DESTINATION_DECLARED' });
  one.redeclare({});
  expect(one.for({ org: 'default', type: 'a.b' })).toHaveLength(1);
  await one.remove('default', 'vaulted');
  await expect(one.remove('default', 'vaulted')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
