import type { Clock } from '../../../kernel/clock.ts';
import { NotFound } from '../../../kernel/errors.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { deletePending, listBrowsers, listGrants } from '../sessions/store.ts';
import { deleteMember, revokeMember } from './ending/store.ts';
import type { Roster } from './roster.ts';
import { listMembers, type Member } from './store.ts';

/** What another room holds for a person in an organisation, and ends with the rest. */
export interface PersonRevoker {
  /** What it ends, as the answer and the audit call it: `keys`, `connections`. */
  what: string;
  /**
   * Resolves to how many it ended. It must use the handle that it is given, which is a transaction: on the embedded
   * database any other would wait for it for ever.
   */
  onPersonRevoked(db: Db, org: OrgId, userId: string, atMs: number): Promise<number>;
  /** Once that is committed: what is in memory here and on other replicas, or at somebody else's. */
  afterwards?(org: OrgId, userId: string): Promise<void>;
}

/** How much was ended, by what it was: `browsers`, `programs`, `codes`, `invitations`, and what other rooms ended. */
export type Ended = Record<string, number>;

export interface Revocation {
  /** Everything that the person has in this organisation; all of it, or nothing. Throws NotFound. */
  everything(org: OrgId, userId: string): Promise<Ended>;
  /** The same, and the membership with it. Throws NotFound. */
  withMembership(org: OrgId, userId: string): Promise<Ended>;
  /** The first in a transaction of the caller's, who calls `afterwards` once that is committed. */
  within(tx: Db, member: Pick<Member, 'org' | 'userId' | 'email'>): Promise<Ended>;
  afterwards(org: OrgId, userId: string): Promise<void>;
}

export interface RevocationDeps {
  db: Db;
  clock: Clock;
  log: Log;
  roster: Roster;
  /** In this order. */
  revokers: readonly PersonRevoker[];
}

export function createRevocation({ db, clock, log, roster, revokers }: RevocationDeps): Revocation {
  async function within(
    tx: Db,
    { org, userId, email }: Pick<Member, 'org' | 'userId' | 'email'>,
    alsoMembership = false,
  ): Promise<Ended> {
    const now = clock.now();
    const browsers = (await listBrowsers(tx, org, userId, now)).length;
    const programs = (await listGrants(tx, org, userId, now)).length;
    const pending = await deletePending(tx, org, { userId, email });
    await revokeMember(tx, org, userId, now);
    if (alsoMembership) await deleteMember(tx, org, userId);
    const counts: Ended = { browsers, programs, ...pending };
    // After what is ours: every writer locks in this order, so that no two wait for each other.
    for (const { what, onPersonRevoked } of revokers) counts[what] = await onPersonRevoked(tx, org, userId, now);
    return counts;
  }

  async function afterwards(org: OrgId, userId: string): Promise<void> {
    for (const { what, afterwards } of revokers) {
      await afterwards?.(org, userId).catch((error: unknown) => {
        log.warn({ err: error, userId, what }, 'what a revoked person had ends a little later');
      });
    }
  }

  async function end(org: OrgId, userId: string, alsoMembership: boolean): Promise<Ended> {
    const ended = await db.transaction().execute(async (tx) => {
      const handle = tx as unknown as Db;
      const member = (await listMembers(handle, org)).find((each) => each.userId === userId);
      if (!member) throw NotFound({ what: 'user', id: userId });
      return within(handle, member, alsoMembership);
    });
    roster.tell();
    await roster.refresh();
    await afterwards(org, userId);
    return ended;
  }

  return {
    everything: (org, userId) => end(org, userId, false),
    withMembership: (org, userId) => end(org, userId, true),
    within: (tx, member) => within(tx, member),
    afterwards,
  };
}
