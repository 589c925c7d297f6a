import type { Clock } from '../../kernel/clock.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import {
  type Bus,
  createFollower,
  type Follower,
  type FollowerTiming,
  strictTiming,
} from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { AccessUnavailable } from './errors.ts';
import { type ApiKey, listOrgs, loadKeys, readRevision } from './store.ts';

export interface RosterDeps {
  db: Db;
  bus: Bus;
  clock: Clock;
  log: Log;
  timing?: Partial<FollowerTiming>;
}

/** Who holds which key, and which organisations exist, in memory. */
export interface Roster extends Pick<Follower<View>, 'tell' | 'start' | 'stop'> {
  /** Whose key has one of these hashes. Throws AccessUnavailable when what is in memory is too old to go by. */
  find(hashes: readonly string[]): Principal | undefined;
  /** Throws AccessUnavailable likewise. */
  hasOrg(org: OrgId): boolean;
  /** Throws AccessUnavailable likewise. */
  orgs(): readonly OrgId[];
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
}

interface View {
  revision: number;
  principals: ReadonlyMap<string, Principal>;
  orgs: ReadonlySet<OrgId>;
}

export function createRoster({ db, bus, clock, log, timing }: RosterDeps): Roster {
  const forgotten = new Set<string>();
  const follower = createFollower<View>({
    bus,
    topic: 'access.changed',
    log,
    what: 'keys and organisations',
    clock,
    timing: { ...strictTiming, ...timing },
    async load(known) {
      const revision = await readRevision(db);
      // Unequal, not lower: a restored backup sets the number back.
      if (known?.revision === revision) return known;
      const [keys, orgs] = [await loadKeys(db), await listOrgs(db)];
      return {
        // Read before the rows: they may be newer than it says, never older.
        revision,
        principals: new Map(keys.map(({ hash, key }) => [hash, principalOf(key)])),
        orgs: new Set(orgs.map((org) => org.id)),
      };
    },
  });
  const refresh = () => follower.refresh().catch(() => undefined); // logged there

  function current(): View {
    const view = follower.current();
    if (!view) throw AccessUnavailable({}, { retryAfterSeconds: 2 });
    return view;
  }

  return {
    find(hashes) {
      const { principals, orgs } = current();
      const held = hashes.find((hash) => principals.has(hash));
      const principal = held === undefined ? undefined : principals.get(held);
      return principal && orgs.has(principal.org) && !forgotten.has(principal.credential.id) ? principal : undefined;
    },
    hasOrg: (org) => current().orgs.has(org),
    orgs: () => [...current().orgs],
    async wake() {
      if (!follower.failing() && !follower.current()) await refresh();
    },
    behind: follower.failing,
    forget: (id) => void forgotten.add(id),
    refresh,
    tell: follower.tell,
    start: follower.start,
    stop: follower.stop,
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
