import type { Clock } from '../../kernel/clock.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Bus } from '../../platform/bus/types.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { AccessUnavailable } from './errors.ts';
import { type ApiKey, listOrgs, loadKeys, readRevision } from './store.ts';

/** Bus topic that says: keys or organisations have changed. The message itself carries nothing. */
export const accessChanged = 'access.changed';

export interface RosterTiming {
  /** Time between two looks at the database: what a revocation elsewhere needs to count here, the bus being down. */
  pollMs: number;
  /** Time after which a look that does not come back counts as failed. */
  readTimeoutMs: number;
  /**
   * How long the keys in memory go on counting while the database does not answer. In that time a revocation
   * elsewhere cannot be seen here; after it nobody is let in, with an error that says to try again. Principals
   * that are not known are never let in meanwhile.
   */
  maxStaleMs: number;
}

export const rosterTiming: RosterTiming = { pollMs: 500, readTimeoutMs: 5_000, maxStaleMs: 30_000 };

export interface RosterDeps {
  db: Db;
  bus: Bus;
  clock: Clock;
  log: Log;
  timing?: Partial<RosterTiming>;
}

/** Who holds which key, and which organisations exist, in memory. */
export interface Roster {
  /** Throws AccessUnavailable when what is in memory is too old to go by. */
  find(hash: string): Principal | undefined;
  /** Throws AccessUnavailable likewise. */
  hasOrg(org: OrgId): boolean;
  /**
   * Looks again when what is in memory is too old though no reading failed: the machine slept, or its clock was
   * set. While readings fail it resolves at once, so that callers hear soon that they cannot be let in.
   */
  wake(): Promise<void>;
  /** Whether what is missing here may only be missing because the database does not answer. */
  behind(): boolean;
  /** Stops a key at once, whether or not the database can be read again. */
  forget(id: string): void;
  /** Resolves when all that was committed before is seen, or reading failed: then the poll goes on trying. */
  refresh(): Promise<void>;
  /** Rejects when the first reading fails. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface View {
  revision: number;
  principals: ReadonlyMap<string, Principal>;
  orgs: ReadonlySet<OrgId>;
}

export function createRoster({ db, bus, clock, log, timing }: RosterDeps): Roster {
  const { pollMs, readTimeoutMs, maxStaleMs } = { ...rosterTiming, ...timing };
  let view: View | undefined;
  let freshAt = Number.NEGATIVE_INFINITY;
  let failing = false;
  let begun = 0;
  let applied = 0;
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void) | undefined;
  let polling = false;
  const forgotten = new Set<string>();

  async function load(revision: number): Promise<View> {
    const [keys, orgs] = [await loadKeys(db), await listOrgs(db)];
    return {
      // Read before the rows: they may be newer than it says, never older.
      revision,
      principals: new Map(keys.map(({ hash, key }) => [hash, principalOf(key)])),
      orgs: new Set(orgs.map((org) => org.id)),
    };
  }

  async function read(): Promise<void> {
    const turn = ++begun;
    const startedAt = clock.now();
    const revision = await readRevision(db);
    // Unequal, not lower: a restored backup sets the number back.
    const next = view?.revision === revision ? view : await load(revision);
    // A reading that hung may come back after a later one.
    if (turn < applied) return;
    applied = turn;
    view = next;
    freshAt = startedAt;
  }

  async function readOnce(): Promise<void> {
    await within(readTimeoutMs, read());
    if (failing) log.info('keys and organisations can be read again');
    failing = false;
  }

  async function tryRead(): Promise<void> {
    try {
      await readOnce();
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'keys and organisations cannot be read; going on with those known');
      failing = true;
    }
  }

  function refresh(): Promise<void> {
    if (!running) {
      running = tryRead().finally(() => {
        running = undefined;
      });
      return running;
    }
    // The reading under way may have begun before the change: one more, shared by all who come meanwhile.
    queued ??= running.then(() => {
      queued = undefined;
      return refresh();
    });
    return queued;
  }

  function poll(): void {
    if (!polling) return;
    timer = setTimeout(() => void refresh().then(poll), pollMs);
    timer.unref();
  }

  function stale(): boolean {
    const now = clock.now();
    freshAt = Math.min(freshAt, now); // a clock set back must not lengthen the time
    return now - freshAt > maxStaleMs;
  }

  function current(): View {
    if (!view || stale()) throw AccessUnavailable({}, { retryAfterSeconds: 2 });
    return view;
  }

  return {
    find(hash) {
      const { principals, orgs } = current();
      const principal = principals.get(hash);
      return principal && orgs.has(principal.org) && !forgotten.has(principal.credential.id) ? principal : undefined;
    },
    hasOrg: (org) => current().orgs.has(org),
    async wake() {
      if (view && !failing && stale()) await refresh();
    },
    behind: () => failing,
    forget: (id) => void forgotten.add(id),
    refresh,
    async start() {
      await readOnce();
      unsubscribe = bus.subscribe(accessChanged, () => void refresh());
      polling = true;
      poll();
    },
    async stop() {
      polling = false;
      clearTimeout(timer);
      unsubscribe?.();
      unsubscribe = undefined;
      await Promise.all([running, queued]);
    },
  };
}

function principalOf(key: ApiKey): Principal {
  return Object.freeze<Principal>({
    id: `key:${key.id}`,
    kind: 'service',
    org: key.org,
    name: key.name,
    roles: Object.freeze(key.roles),
    scopes: Object.freeze(key.scopes),
    credential: Object.freeze({ kind: 'api_key' as const, id: key.id }),
    ...(key.expiresAt === undefined ? {} : { expiresAt: key.expiresAt }),
  });
}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
