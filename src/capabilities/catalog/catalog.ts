import type { Clock } from '../../kernel/clock.ts';
import { canonicalJson } from '../../kernel/digest.ts';
import type { OrgId } from '../../kernel/principal.ts';
import { type Bus, createFollower } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { changedKinds, type KindsChanged } from './changed.ts';
import { type DefinitionsSeen, definitionsSeen } from './events.ts';
import { createExaminer } from './examine.ts';
import { type ListedItems, type ToolsetFacts, toStoredItems } from './facts.ts';
import { leftOutOf, type Refused } from './refused.ts';
import { createReviews, type Reviews } from './reviews.ts';
import { buildSnapshot, type CatalogSnapshot, type Contents, type ItemKind, type ToolsetRow } from './snapshot.ts';
import { definitionsOf, firstUse } from './standing.ts';
import {
  deleteStandings,
  deleteToolset,
  listItems,
  listStandings,
  listToolsets,
  readRevisions,
  replaceToolset,
} from './store.ts';

export interface CatalogChange extends KindsChanged {
  org: OrgId;
}

/** What became of a listing. */
export interface Taken {
  tools: number;
  prompts: number;
  /** Templates too. */
  resources: number;
  refused: readonly Refused[];
  /** The same in one text that any caller may read. */
  leftOut?: string;
}

export interface Catalog {
  /** What an organisation has now; answered from memory. */
  snapshot(org: OrgId): CatalogSnapshot;
  /** Takes over an upstream's listing: durable before it resolves, served at once as far as it is trusted. */
  replaceItems(org: OrgId, toolset: string, listed: ListedItems, facts: ToolsetFacts): Promise<Taken>;
  /** Keeps the last known items, marked stale with a reason that callers may read. */
  markStale(org: OrgId, toolset: string, reason: string): Promise<void>;
  /** What was decided of its definitions stays, and counts again when it comes back. */
  removeToolset(org: OrgId, toolset: string): Promise<void>;
  /** Forgets what was decided: another toolset of this name begins anew. */
  forgetDecisions(org: OrgId, toolset: string): Promise<void>;
  /** Offers a toolset of Fairlead's own to every organisation. It comes with the code, so nothing of it is stored. */
  provide(toolset: string, listed: ListedItems, facts: ToolsetFacts): void;
  reviews: Reviews;
  /** How many definitions are in quarantine, of all organisations. */
  quarantined(): number;
  /** Returns the way to stop listening. */
  onChange(listener: (change: CatalogChange) => void): () => void;
  /** Told of definitions that were new, changed or quarantined, once in a fleet. Returns the way to stop listening. */
  onDefinitions(listener: (seen: DefinitionsSeen) => void): () => void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Deps {
  db: Db;
  bus: Bus;
  log: Log;
  clock: Clock;
  /** How often to look for changes that the bus did not tell of. */
  pollMs?: number;
}

interface OrgState extends Contents {
  snapshot: CatalogSnapshot;
  revision: string;
  /** The database has, or had, rows of it. */
  isStored: boolean;
}

const nothing: Contents = { items: [], toolsets: new Map(), standings: new Map() };
const maxInstructions = 16_384;

/** The durable list of everything that upstreams offer, held in memory so that no listing ever waits for one. */
export function createCatalog({ db, bus, log, clock, pollMs = 2_000 }: Deps): Catalog {
  const orgs = new Map<OrgId, OrgState>();
  const provided = new Map<string, Pick<Contents, 'items'> & { row: ToolsetRow }>();
  const listeners = new Set<(change: CatalogChange) => void>();
  const seers = new Set<(seen: DefinitionsSeen) => void>();

  const build = (org: OrgId, { items, toolsets, standings }: Contents) => {
    const own = [...provided.values()];
    return buildSnapshot(org, {
      toolsets: new Map([...own.map(({ row }) => [row.toolset, row] as const), ...toolsets]),
      items: [...own.flatMap((one) => one.items), ...items],
      standings,
    });
  };

  const stateOf = (org: OrgId): OrgState => {
    let state = orgs.get(org);
    if (!state) {
      state = { ...nothing, snapshot: build(org, nothing), revision: '0', isStored: false };
      orgs.set(org, state);
    }
    return state;
  };

  /** Swaps in a new snapshot and tells listeners which kinds look different to a client. */
  const publish = (org: OrgId, changes: Partial<Contents>) => {
    const state = stateOf(org);
    const before = state.snapshot;
    Object.assign(state, changes);
    state.snapshot = build(org, state);
    tell(org, before, state.snapshot);
  };

  const tell = (org: OrgId, before: CatalogSnapshot, after: CatalogSnapshot) => {
    const change = { org, ...changedKinds(before, after) };
    if (!change.tools && !change.prompts && !change.resources) return;
    for (const listener of listeners) listener(change);
  };

  const reload = async (org: OrgId): Promise<void> => {
    const [items, rows, standings] = [
      await listItems(db, org),
      await listToolsets(db, org),
      await listStandings(db, org),
    ];
    const known = stateOf(org).toolsets;
    const toolsets = new Map([
      ...[...known].filter(([, row]) => row.unlisted),
      ...rows.map(({ toolset, instructions, trust }): [string, ToolsetRow] => {
        // Whether an upstream answers is this replica's own experience; a row says only what it once listed.
        const { instructions: _, ...state } = known.get(toolset) ?? {
          status: 'stale' as const,
          reason: 'not connected since the server started',
        };
        return [toolset, { ...state, toolset, trust, ...(instructions ? { instructions } : {}) }];
      }),
    ]);
    publish(org, { items, standings, toolsets });
  };

  const lookForChanges = async (): Promise<void> => {
    const revisions = await readRevisions(db);
    for (const [org, revision] of revisions) {
      if (orgs.get(org)?.revision === revision) continue;
      await reload(org);
      Object.assign(stateOf(org), { revision, isStored: true });
    }
    for (const [org, { isStored }] of orgs) if (!revisions.has(org) && isStored) orgs.delete(org);
  };

  // One change of state at a time: a reload that began before a listing was stored must not undo it.
  let lastTurn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = lastTurn.then(work);
    lastTurn = turn.catch(() => undefined);
    return turn;
  };

  const follower = createFollower<void>({
    bus,
    topic: 'catalog.changed',
    log,
    what: 'the items of the catalog',
    timing: { pollMs },
    load: () => inTurn(lookForChanges),
  });

  const replaceItems: Catalog['replaceItems'] = async (org, toolset, listed, facts) => {
    const { rows, refused } = toStoredItems(toolset, listed, facts);
    const { trust = 'review' } = facts;
    const told = listed.instructions?.slice(0, maxInstructions) || undefined;
    const instructions = told?.replaceAll('\0', '').toWellFormed(); // no database takes the rest in a text
    const before = stateOf(org);
    const known = before.toolsets.get(toolset);
    const others = before.items.filter((item) => item.toolset !== toolset);
    const ours = before.items.filter((item) => item.toolset === toolset);
    const row = { toolset, trust, ...(instructions === undefined ? {} : { instructions }) };
    const isNew = !known || known.unlisted || known.instructions !== instructions || known.trust !== trust;
    let { standings } = before;
    if (isNew || canonicalJson(ours) !== canonicalJson(rows)) {
      const offered = definitionsOf(toolset, instructions, rows);
      const kept = await replaceToolset(db, org, row, rows, (now) => firstUse(offered, now, trust, clock.now()));
      before.isStored = true;
      const elsewhere = [...standings].filter(([, standing]) => standing.toolset !== toolset);
      standings = new Map([...elsewhere, ...kept.standings]);
      follower.tell();
      const seen = definitionsSeen(org, toolset, trust, offered, kept);
      if (seen) for (const see of seers) see(seen);
    }
    const items = [...others, ...rows];
    items.sort((a, b) => (a.toolset < b.toolset ? -1 : a.toolset > b.toolset ? 1 : 0));
    const leftOut = leftOutOf(refused);
    const entry: ToolsetRow = { ...row, status: 'live', ...(leftOut === undefined ? {} : { leftOut }) };
    publish(org, { items, standings, toolsets: new Map(stateOf(org).toolsets).set(toolset, entry) });
    const count = (...kinds: ItemKind[]) => rows.filter(({ kind }) => kinds.includes(kind)).length;
    return {
      tools: count('tool'),
      prompts: count('prompt'),
      resources: count('resource', 'template'),
      refused,
      ...(leftOut === undefined ? {} : { leftOut }),
    };
  };

  const removeToolset: Catalog['removeToolset'] = async (org, toolset) => {
    await deleteToolset(db, org, toolset);
    const toolsets = new Map(stateOf(org).toolsets);
    toolsets.delete(toolset);
    publish(org, { items: stateOf(org).items.filter((item) => item.toolset !== toolset), toolsets });
    follower.tell();
  };

  /** Of one toolset, from the database: what was decided on it is served at once. */
  const refreshStandings = async (org: OrgId): Promise<void> => {
    publish(org, { standings: await listStandings(db, org) });
    follower.tell();
  };

  return {
    snapshot: (org) => stateOf(org).snapshot,

    replaceItems: (...args) => inTurn(() => replaceItems(...args)),
    removeToolset: (...args) => inTurn(() => removeToolset(...args)),
    forgetDecisions: (org, toolset) =>
      inTurn(async () => {
        await deleteStandings(db, org, toolset);
        await refreshStandings(org);
      }),

    async markStale(org, toolset, reason) {
      const { toolsets } = stateOf(org);
      const entry: ToolsetRow = { ...(toolsets.get(toolset) ?? { unlisted: true }), toolset, status: 'stale', reason };
      publish(org, { toolsets: new Map(toolsets).set(toolset, entry) });
    },

    provide(toolset, listed, facts) {
      const { rows: items } = toStoredItems(toolset, listed, facts);
      const { instructions } = listed;
      provided.set(toolset, { items, row: { toolset, status: 'live', ...(instructions ? { instructions } : {}) } });
      for (const org of orgs.keys()) publish(org, {});
    },

    quarantined() {
      let count = 0;
      for (const { snapshot } of orgs.values())
        for (const { quarantined = 0 } of snapshot.toolsets.values()) count += quarantined;
      return count;
    },
    reviews: createReviews({
      db,
      clock,
      examine: createExaminer(),
      contents: stateOf,
      changed: (org) => inTurn(() => refreshStandings(org)),
      seen: (seen) => {
        for (const see of seers) see(seen);
      },
    }),

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onDefinitions(listener) {
      seers.add(listener);
      return () => seers.delete(listener);
    },

    start: follower.start,

    async stop() {
      await follower.stop();
      await lastTurn;
    },
  };
}
