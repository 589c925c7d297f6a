import type { Clock } from '../../../kernel/clock.ts';
import type { OrgId, Principal } from '../../../kernel/principal.ts';
import { type Bus, createFollower, type Follower, strictTiming } from '../../../platform/bus/index.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { SigninUnavailable } from '../errors.ts';
import { type LoadedService, loadServices } from '../services/store.ts';
import { generationKey, loadGenerations } from '../sessions/store.ts';
import { loadIdentities } from '../sso/store.ts';
import { loadMembers, type Member, readRevision } from './store.ts';

type KnownIdentity = Awaited<ReturnType<typeof loadIdentities>>[number];

/** Who is a member of what, in memory: who was removed, or given another role, is that at once and on every replica. */
export interface Roster extends Pick<Follower<View>, 'tell' | 'start' | 'stop'> {
  /** What the person is a member of, oldest first. Throws SigninUnavailable when what is in memory is too old. */
  memberships(userId: string): readonly Member[];
  /** In `org`, or where none is named in the first one. Throws SigninUnavailable. */
  member(userId: string, org?: OrgId): Member | undefined;
  /** The first membership of whoever signs in by this. Throws SigninUnavailable. */
  memberByEmail(email: string): Member | undefined;
  /** What a token of this program must say to stem from after the last revocation. Throws SigninUnavailable. */
  generation(member: Member, clientId: string): string;
  /** By what providers know the member. Throws SigninUnavailable. */
  identities(org: OrgId, userId: string): readonly KnownIdentity[];
  /** Throws SigninUnavailable. */
  service(clientId: string): LoadedService | undefined;
  /** By the hash of the secret from before a rotation. */
  serviceByOldSecret(hash: string): LoadedService | undefined;
  services(org: OrgId): readonly LoadedService[];
  /** Looks again when what is in memory is too old though no reading failed. */
  wake(): Promise<void>;
  refresh(): Promise<void>;
}

interface View {
  revision: number;
  members: ReadonlyMap<string, readonly Member[]>;
  byEmail: ReadonlyMap<string, Member>;
  services: ReadonlyMap<string, LoadedService>;
  generations: ReadonlyMap<string, number>;
  /** By the person. */
  identities: ReadonlyMap<string, readonly KnownIdentity[]>;
}

export function createRoster({ db, bus, clock, log }: { db: Db; bus: Bus; clock: Clock; log: Log }): Roster {
  const follower = createFollower<View>({
    bus,
    topic: 'signin.changed',
    log,
    what: 'members',
    clock,
    timing: strictTiming,
    async load(known) {
      const revision = await readRevision(db);
      // Unequal, not lower: a restored backup sets the number back.
      if (known?.revision === revision) return known;
      const [members, services] = [await loadMembers(db), await loadServices(db)];
      const generations = await loadGenerations(db);
      const identities = await loadIdentities(db);
      return {
        // Read before the rows: they may be newer than it says, never older.
        revision,
        members: Map.groupBy(members, ({ userId }) => userId),
        byEmail: new Map(members.toReversed().map((member) => [member.email, member])),
        services: new Map(services.map((service) => [service.clientId, service])),
        generations,
        identities: Map.groupBy(identities, ({ userId }) => userId),
      };
    },
  });

  function current(): View {
    const view = follower.current();
    if (!view) throw SigninUnavailable({}, { retryAfterSeconds: 2 });
    return view;
  }
  const memberships = (userId: string) => current().members.get(userId) ?? [];
  const refresh = () => follower.refresh().catch(() => undefined); // logged there

  return {
    memberships,
    member: (userId, org) =>
      org === undefined ? memberships(userId)[0] : memberships(userId).find((member) => member.org === org),
    memberByEmail: (email) => current().byEmail.get(email.trim().toLowerCase()),
    generation: ({ org, userId, generation }, clientId) =>
      `${generation}.${current().generations.get(generationKey(org, userId, clientId)) ?? 0}`,
    serviceByOldSecret: (hash) => [...current().services.values()].find(({ previousHash }) => previousHash === hash),
    identities: (org, userId) => (current().identities.get(userId) ?? []).filter((one) => one.org === org),
    service: (clientId) => current().services.get(clientId),
    services: (org) => [...current().services.values()].filter((service) => service.org === org),
    async wake() {
      if (!follower.failing() && !follower.current()) await refresh();
    },
    refresh,
    tell: follower.tell,
    start: follower.start,
    stop: follower.stop,
  };
}

/** A member in a browser, for the record of what they do there. */
export function principalOf(member: Member): Principal {
  return Object.freeze<Principal>({
    id: `user:${member.userId}`,
    kind: 'user',
    org: member.org,
    name: member.name,
    roles: [member.role],
    teams: member.teams,
    scopes: ['*'],
    credential: { kind: 'session', id: member.userId },
  });
}
