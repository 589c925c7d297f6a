import { canonicalJson } from '../../kernel/digest.ts';
import type { OrgId } from '../../kernel/principal.ts';
import { type Bus, createFollower } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { type ListedItems, type ToolsetFacts, toStoredItems } from './facts.ts';
import { leftOutOf, type Refused } from './refused.ts';
import { buildSnapshot, type CatalogSnapshot, type ItemKind, type StoredItem, type ToolsetState } from './snapshot.ts';
import { deleteToolset, listItems, listToolsets, readRevisions, replaceToolset } from './store.ts';

export interface CatalogChange {
  org: OrgId;
  tools: boolean;
  prompts: boolean;
  resources: boolean;
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
  /** Takes over an upstream's listing: durable before it resolves, served at once. */
  replaceItems(org: OrgId, toolset: string, listed: ListedItems, facts: ToolsetFacts): Promise<Taken>;
  /** Keeps the last known items, marked stale with a reason that callers may read. */
  markStale(org: OrgId, toolset: string, reason: string): Promise<void>;
  removeToolset(org: OrgId, toolset: string): Promise<void>;
  /** Offers a toolset of Fairlead's own to every organisation. It comes with the code, so nothing of it is stored. */
  provide(toolset: string, listed: ListedItems, facts: ToolsetFacts): void;
  /** Returns the way to stop listening. */
  onChange(listener: (change: CatalogChange) => void): () => void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Deps {
  db: Db;
  bus: Bus;
  log: Log;
  /** How often to look for changes that the bus did not tell of. */
  pollMs?: number;
}

interface OrgState {
  items: StoredItem[];
  toolsets: Map<string, ToolsetState>;
  snapshot: CatalogSnapshot;
  revision: string;
  /** The database has, or had, rows of it. */
  isStored: boolean;
}

/** The durable list of everything that upstreams offer, held in memory so that no listing ever waits for one. */
export function createCatalog({ db, bus, log, pollMs = 2_000 }: Deps): Catalog {
  const orgs = new Map<OrgId, OrgState>();
  const provided = new Map<string, { items: StoredItem[]; state: ToolsetState }>();
  const listeners = new Set<(change: CatalogChange) => void>();

  const build = (org: OrgId, items: StoredItem[], toolsets: ReadonlyMap<string, ToolsetState>) => {
    const own = [...provided.values()];
    const states = [...own.map(({ state }) => [state.toolset, state] as const), ...toolsets];
    return buildSnapshot(org, new Map(states), [...own.flatMap((one) => one.items), ...items]);
  };

  const stateOf = (org: OrgId): OrgState => {
    let state = orgs.get(org);
    if (!state) {
      const toolsets = new Map<string, ToolsetState>();
      state = { items: [], toolsets, snapshot: build(org, [], toolsets), revision: '0', isStored: false };
      orgs.set(org, state);
    }
    return state;
  };

  /** Swaps in a new snapshot and tells listeners which kinds look different to a client. */
  const publish = (org: OrgId, items: StoredItem[], toolsets: Map<string, ToolsetState>) => {
    const state = stateOf(org);
    const change = { org, ...changedKinds(state.items, items) };
    state.items = items;
    state.toolsets = toolsets;
    state.snapshot = build(org, items, toolsets);
    if (!change.tools && !change.prompts && !change.resources) return;
    for (const listener of listeners) listener(change);
  };

  const reload = async (org: OrgId): Promise<void> => {
    const [items, toolsets] = [await listItems(db, org), await listToolsets(db, org)];
    const known = stateOf(org).toolsets;
    publish(
      org,
      items,
      new Map([
        ...[...known].filter(([, state]) => state.unlisted),
        ...toolsets.map(({ toolset, instructions }): [string, ToolsetState] => [
          toolset,
          {
            // Whether an upstream answers is this replica's own experience; a row says only what it once listed.
            ...(known.get(toolset) ?? { status: 'stale' as const, reason: 'not connected since the server started' }),
            toolset,
            ...(instructions ? { instructions } : {}),
          },
        ]),
      ]),
    );
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
    const before = stateOf(org).items.filter((item) => item.toolset === toolset);
    const instructions = listed.instructions?.slice(0, 16_384);
    const known = stateOf(org).toolsets.get(toolset);
    const isNew = !known || known.unlisted || known.instructions !== instructions;
    if (isNew || canonicalJson(before) !== canonicalJson(rows)) {
      await replaceToolset(db, org, toolset, instructions, rows);
      stateOf(org).isStored = true;
      follower.tell();
    }
    const state = stateOf(org);
    const items = [...state.items.filter((item) => item.toolset !== toolset), ...rows];
    items.sort((a, b) => (a.toolset < b.toolset ? -1 : a.toolset > b.toolset ? 1 : 0));
    const leftOut = leftOutOf(refused);
    const entry: ToolsetState = {
      toolset,
      status: 'live',
      ...(instructions ? { instructions } : {}),
      ...(leftOut === undefined ? {} : { leftOut }),
    };
    publish(org, items, new Map(state.toolsets).set(toolset, entry));
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
    const state = stateOf(org);
    const toolsets = new Map(state.toolsets);
    toolsets.delete(toolset);
    publish(
      org,
      state.items.filter((item) => item.toolset !== toolset),
      toolsets,
    );
    follower.tell();
  };

  return {
    snapshot: (org) => stateOf(org).snapshot,

    replaceItems: (...args) => inTurn(() => replaceItems(...args)),
    removeToolset: (...args) => inTurn(() => removeToolset(...args)),

    async markStale(org, toolset, reason) {
      const state = stateOf(org);
      const known = state.toolsets.get(toolset);
      const entry: ToolsetState = { ...(known ?? { unlisted: true }), toolset, status: 'stale', reason };
      publish(org, state.items, new Map(state.toolsets).set(toolset, entry));
    },

    provide(toolset, listed, facts) {
      const before = provided.get(toolset)?.items ?? [];
      const { rows: items } = toStoredItems(toolset, listed, facts);
      const { instructions } = listed;
      provided.set(toolset, { items, state: { toolset, status: 'live', ...(instructions ? { instructions } : {}) } });
      const kinds = changedKinds(before, items);
      for (const [org, state] of orgs) {
        state.snapshot = build(org, state.items, state.toolsets);
        for (const listener of listeners) listener({ org, ...kinds });
      }
    },

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    start: follower.start,

    async stop() {
      await follower.stop();
      await lastTurn;
    },
  };
}

function changedKinds(before: readonly StoredItem[], after: readonly StoredItem[]): Omit<CatalogChange, 'org'> {
  const print = (items: readonly StoredItem[], kinds: readonly ItemKind[]) =>
    items
      .filter((item) => kinds.includes(item.kind))
      .map((item) => `${item.toolset} ${item.kind} ${item.name} ${item.digest} ${item.facts.disabled ?? false}`)
      .join('\n');
  const differs = (...kinds: ItemKind[]) => print(before, kinds) !== print(after, kinds);
  return { tools: differs('tool'), prompts: differs('prompt'), resources: differs('resource', 'template') };
}
