import { afterEach, describe, expect, it } from 'vitest';
import { openTestDatabase, silentLog } from '../../../test/database.ts';
import { systemClock } from '../../kernel/clock.ts';
import type { Json } from '../../kernel/json.ts';
import type { Bus } from '../../platform/bus/index.ts';
import { type Catalog, catalogMigrations, createCatalog, type DefinitionsSeen, purgeCatalog } from './index.ts';
import { readRevisions } from './store.ts';

const facts = { trustAnnotations: true, trust: 'first-use' as const, tools: {}, callTimeoutMs: 1_000 };
const listing = (...names: string[]) => ({
  tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })),
  prompts: [],
  resources: [],
  templates: [],
});

/** A bus between replicas in one process; `deaf` ones hear nothing and must look for themselves. */
function busOf(handlers: Set<(message: Json) => void>, deaf = false): Bus {
  return {
    async publish(_topic, message) {
      for (const handler of handlers) handler(message);
    },
    subscribe(_topic, handler) {
      if (!deaf) handlers.add(handler);
      return () => handlers.delete(handler);
    },
    async stop() {},
  };
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function world(replicas: number, { deaf = false, pollMs = 50 } = {}) {
  const { db, stop } = await openTestDatabase(catalogMigrations);
  stops.push(stop);
  const handlers = new Set<(message: Json) => void>();
  const catalogs: Catalog[] = [];
  for (let n = 0; n < replicas; n++) {
    const catalog = createCatalog({ db, bus: busOf(handlers, deaf), log: silentLog, clock: systemClock, pollMs });
    await catalog.start();
    stops.push(() => catalog.stop());
    catalogs.push(catalog);
  }
  return { db, catalogs: catalogs as [Catalog, ...Catalog[]] };
}

describe('the catalog', () => {
  it('keeps what was listed over a restart, marked stale until it is listed again [SP-10]', async () => {
    const { db, catalogs } = await world(1);
    await catalogs[0].replaceItems('default', 'git', listing('log', 'diff'), facts);
    const again = createCatalog({ db, bus: busOf(new Set()), log: silentLog, clock: systemClock });
    await again.start();
    stops.push(() => again.stop());
    const tools = [...again.snapshot('default').tools.values()];
    expect(tools.map(({ id, status }) => `${id} ${status}`)).toEqual(['git.log stale', 'git.diff stale']);
    await again.replaceItems('default', 'git', listing('log'), facts);
    expect([...again.snapshot('default').tools.values()].map(({ status }) => status)).toEqual(['live']);
  });

  it('loses nothing while many upstreams are listed at once and replicas reload [SP-10]', async () => {
    const { catalogs } = await world(2);
    const names = Array.from({ length: 20 }, (_, n) => `up-${n}`);
    const missing: string[] = [];
    const stored = new Set<string>();
    const watching = setInterval(() => {
      const { toolsets } = catalogs[0].snapshot('default');
      for (const name of stored) if (!toolsets.has(name)) missing.push(name);
    }, 1);
    await Promise.all(
      names.map(async (name) => {
        await catalogs[0].replaceItems('default', name, listing('a', 'b'), facts);
        stored.add(name);
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    clearInterval(watching);
    expect(missing).toEqual([]);
    expect(catalogs[0].snapshot('default').tools.size).toBe(40);
  });

  it.each([false, true])('is followed by other replicas (without a bus: %s) [SP-10]', async (deaf) => {
    const { catalogs } = await world(2, { deaf });
    const changes: string[] = [];
    catalogs[1]?.onChange(({ org, tools }) => void changes.push(`${org} ${tools}`));
    await catalogs[0].replaceItems('default', 'git', listing('log'), facts);
    await expect.poll(() => catalogs[1]?.snapshot('default').tools.has('git.log')).toBe(true);
    expect(changes).toContain('default true');
    await catalogs[0].removeToolset('default', 'git');
    await expect.poll(() => catalogs[1]?.snapshot('default').tools.size).toBe(0);
  });

  it('shows an organisation nothing of another, and forgets a purged one [SP-14]', async () => {
    // Purged before anybody looked at the database again.
    const { db, catalogs } = await world(1, { deaf: true, pollMs: 400 });
    await catalogs[0].replaceItems('default', 'git', listing('log'), facts);
    await catalogs[0].replaceItems('rival', 'jira', listing('create'), facts);
    expect([...catalogs[0].snapshot('default').tools.keys()]).toEqual(['git.log']);
    expect([...catalogs[0].snapshot('rival').tools.keys()]).toEqual(['jira.create']);
    await purgeCatalog(db, 'rival');
    await expect.poll(() => catalogs[0].snapshot('rival').tools.size).toBe(0);
    expect([...catalogs[0].snapshot('default').tools.keys()]).toEqual(['git.log']);
  });

  it('keeps no trace of a purged organisation whose upstreams are taken out later [SP-14]', async () => {
    const { db, catalogs } = await world(1);
    await catalogs[0].replaceItems('rival', 'jira', listing('create'), facts);
    await purgeCatalog(db, 'rival');
    await catalogs[0].removeToolset('rival', 'jira');
    expect(catalogs[0].snapshot('rival').tools.size).toBe(0);
    expect((await readRevisions(db)).has('rival')).toBe(false);
  });

  it('tells of no change when the same is listed again', async () => {
    const { catalogs } = await world(1);
    await catalogs[0].replaceItems('default', 'git', listing('log'), facts);
    const changes: unknown[] = [];
    catalogs[0].onChange((change) => void changes.push(change));
    await catalogs[0].replaceItems('default', 'git', listing('log'), facts);
    await catalogs[0].markStale('default', 'git', 'away');
    expect(changes).toEqual([]);
    expect(catalogs[0].snapshot('default').tools.get('git.log')).toMatchObject({
      status: 'stale',
      statusReason: 'away',
    });
  });

  it('follows on every replica what one decided, and tells of each change once in the fleet [CA-8]', async () => {
    const { catalogs } = await world(2);
    const [one, two] = catalogs as [Catalog, Catalog];
    const seen: DefinitionsSeen[] = [];
    for (const each of catalogs) each.onDefinitions((what) => void seen.push(what));
    const reviewed = { ...facts, trust: 'review' as const };
    await Promise.all(catalogs.map((each) => each.replaceItems('default', 'git', listing('log', 'diff'), reviewed)));
    expect(
      seen.flatMap(({ quarantined }) => quarantined.map(({ name }) => name)).filter((name) => name === 'log'),
    ).toEqual(['log']);
    const live = (each: Catalog) =>
      [...each.snapshot('default').tools.values()].filter(({ status }) => status !== 'quarantined').map(({ id }) => id);
    expect(live(two)).toEqual([]);
    const [, log] = two.reviews.list('default');
    if (!log) throw new Error('nothing to review');
    const { toolset, kind, name, offered } = log;
    const decision = { toolset, kind, name, digest: offered.digest, decision: 'pin' as const };
    await one.reviews.decide('default', [decision], 'key:1');
    expect(live(one)).toEqual(['git.log']);
    await expect.poll(() => live(two)).toEqual(['git.log']);
    await expect(two.reviews.decide('default', [{ ...decision, digest: 'sha256:0' }], 'key:1')).rejects.toMatchObject({
      code: 'REVIEW_STALE',
    });
    // It outlives the toolset, until it is forgotten.
    await two.removeToolset('default', 'git');
    await two.replaceItems('default', 'git', listing('log'), { ...facts, trust: 'first-use' });
    expect(two.reviews.list('default').find((each) => each.name === 'log')).toMatchObject({ pinned: true });
    await two.forgetDecisions('default', 'git');
    expect(two.reviews.list('default').find((each) => each.name === 'log')).toMatchObject({ pinned: false });
  });

  it('does not take for new what differs a little from what was rejected [CA-8]', async () => {
    const { catalogs } = await world(1);
    const [catalog] = catalogs;
    const offering = (description: string) => ({ ...listing(), tools: [{ ...tool, description }] });
    const tool = { name: 'log', inputSchema: { type: 'object' } };
    await catalog.replaceItems('default', 'git', offering('Bad.'), facts);
    await decideOn(catalog, 'reject');
    expect(catalog.snapshot('default').tools.get('git.log')?.status).toBe('quarantined');
    await catalog.replaceItems('default', 'git', offering('Bad!'), facts);
    expect(catalog.snapshot('default').tools.get('git.log')?.status).toBe('quarantined');
    await decideOn(catalog, 'accept');
    expect(catalog.snapshot('default').tools.get('git.log')?.status).toBe('live');
  });

  it('serves what was accepted though a call that began before finds it changed [CA-8]', async () => {
    const { catalogs } = await world(1);
    const [catalog] = catalogs;
    await catalog.replaceItems('default', 'git', listing('log'), facts);
    const changed = { ...listing(), tools: [{ name: 'log', description: 'New.', inputSchema: { type: 'object' } }] };
    await catalog.replaceItems('default', 'git', changed, facts);
    const before = catalog.snapshot('default').tools.get('git.log');
    await decideOn(catalog, 'accept');
    const digest = before?.offered?.digest ?? '';
    await catalog.reviews.quarantine('default', 'git', { name: 'log', digest }, 'its results have changed');
    expect(catalog.snapshot('default').tools.get('git.log')).toMatchObject({ status: 'live', digest });
  });

  it('has every replica forget what was decided, before another toolset takes the name [CA-8]', async () => {
    const { catalogs } = await world(2, { deaf: true, pollMs: 60_000 });
    const [one, two] = catalogs as [Catalog, Catalog];
    const reviewed = { ...facts, trust: 'review' as const };
    await two.replaceItems('default', 'git', listing('log'), reviewed);
    await decideOn(two, 'accept');
    await one.replaceItems('default', 'git', listing('log'), reviewed);
    await one.removeToolset('default', 'git');
    await one.forgetDecisions('default', 'git');
    await two.removeToolset('default', 'git');
    await two.replaceItems('default', 'git', listing('log'), reviewed);
    expect(two.snapshot('default').tools.get('git.log')?.status).toBe('quarantined');
  });
});

async function decideOn(catalog: Catalog, decision: 'accept' | 'reject') {
  const decisions = catalog.reviews
    .list('default')
    .filter(({ name }) => name === 'log')
    .map(({ toolset, kind, name, offered: { digest } }) => ({ toolset, kind, name, digest, decision }));
  await catalog.reviews.decide('default', decisions, 'key:1');
}
