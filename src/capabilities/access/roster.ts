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
import { type KeyPurpose, type LoadedKey, listOrgs, loadKeys, readRevision } from './store.ts';

export interface RosterDeps {
  db: Db;
  bus: Bus;
  clock: Clock;
  log: Log;
  timing?: Partial<FollowerTiming>;
}

/** What a credential that was found is. */
export interface Found {
  principal: Principal;
  purpose: KeyPurpose;
  /** The member whose key it is. */
  userId: string | undefined;
  /** Found by the secret from before a rotation. */
  previous: boolean;
  /** Why a break-glass credential was used. */
  reason: string | undefined;
}

/** Who holds which key, and which organisations exist, in memory. */
export interface Roster extends Pick<Follower<View>, 'tell' | 'start' | 'stop'> {
  /** Whose key has one of these hashes. Throws AccessUnavailable when what is in memory is too old to go by. */
  find(hashes: readonly string[]): Found | undefined;
  /** How many break-glass accesses and sealed credentials count at this moment. From memory. */
  breakGlass(atMs: number): { active: number; sealed: number };
  /** Keys that are neither revoked nor break-glass ones. From memory, however old. */
  keys(): readonly LoadedKey['key'][];
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
  found: ReadonlyMap<string, Found>;
  loaded: readonly LoadedKey[];
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
        found: new Map(keys.flatMap(foundBy)),
        loaded: keys,
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
      const { found, orgs } = current();
      const held = hashes.find((hash) => found.has(hash));
      const one = held === undefined ? undefined : found.get(held);
      return one && orgs.has(one.principal.org) && !forgotten.has(one.principal.credential.id) ? one : undefined;
    },
    breakGlass(atMs) {
      const counting = (follower.current()?.loaded ?? []).filter(
        ({ key }) => !forgotten.has(key.id) && (key.expiresAt ?? Number.POSITIVE_INFINITY) > atMs,
      );
      const count = (wanted: KeyPurpose) => counting.filter(({ purpose }) => purpose === wanted).length;
      return { active: count('break_glass'), sealed: count('sealed') };
    },
    keys: () => (follower.current()?.loaded ?? []).filter(({ purpose }) => purpose === 'key').map(({ key }) => key),
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

/** By its secret, and by the one from before while that counts, which makes it end then. */
function foundBy(loaded: LoadedKey): [string, Found][] {
  const { key, hash, previousHash, purpose } = loaded;
  const more = { purpose, userId: key.userId, reason: loaded.reason ?? undefined };
  const entries: [string, Found][] = [[hash, { ...more, principal: principalOf(loaded), previous: false }]];
  if (previousHash !== null && key.previous) {
    const expiresAt = Math.min(key.expiresAt ?? Number.POSITIVE_INFINITY, key.previous.until);
    const principal = Object.freeze<Principal>({ ...principalOf(loaded), expiresAt });
    entries.push([previousHash, { ...more, principal, previous: true }]);
  }
  return entries;
}

function principalOf({ key, purpose }: LoadedKey): Principal {
  const plain = purpose === 'key';
  return Object.freeze<Principal>({
    id: plain ? `key:${key.id}` : `break-glass:${key.id}`,
    kind: plain ? 'service' : 'user',
    org: key.org,
    name: key.name,
    roles: Object.freeze(key.roles),
    scopes: Object.freeze(key.scopes),
    credential: Object.freeze({ kind: plain ? ('api_key' as const) : ('break_glass' as const), id: key.id }),
    ...(key.expiresAt === undefined ? {} : { expiresAt: key.expiresAt }),
  });
}
