import { createHash } from 'node:crypto';
import type { Clock } from '../../../kernel/clock.ts';
import { NotFound } from '../../../kernel/errors.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { commandLineClient } from '../clients/clients.ts';
import type { Roster } from '../members/roster.ts';
import { deleteBrowser, deleteGrant, type Grant, listBrowsers, listGrants } from './store.ts';
import type { TokenUses } from './uses.ts';

/** One thing that a person is signed in with. Times are milliseconds since the epoch. */
export interface Session {
  id: string;
  /** A browser; `fairlead login` at a terminal; or a program that was allowed. */
  kind: 'browser' | 'terminal' | 'program';
  userId: string;
  createdAt: number;
  seenAt: number;
  expiresAt?: number;
  /** Of a browser. */
  address?: string;
  userAgent?: string;
  /** Of a terminal or a program. */
  client?: { id: string; name?: string };
  scopes?: string[];
  signIns?: number;
}

/** What people are signed in with. Whoever calls has required `users:write`, or is the person. */
export interface Sessions {
  /** Of one member, or of all of the organisation; oldest first. */
  list(org: OrgId, userId?: string): Promise<Session[]>;
  /** One of them; what it was given counts no more, on every replica within a second. Throws NotFound. */
  end(org: OrgId, userId: string, id: string): Promise<Session>;
}

export interface SessionsDeps {
  db: Db;
  clock: Clock;
  roster: Roster;
  uses: TokenUses;
}

export function createSessions({ db, clock, roster, uses }: SessionsDeps): Sessions {
  const ofGrant = (org: OrgId, grant: Grant): Session => ({
    id: grantId(org, grant),
    kind: grant.clientId === commandLineClient ? 'terminal' : 'program',
    userId: grant.userId,
    createdAt: grant.createdAt,
    seenAt: Math.max(grant.seenAt, uses.pending(org, grant.userId, grant.clientId) ?? 0),
    ...(grant.expiresAt === undefined ? {} : { expiresAt: grant.expiresAt }),
    client: { id: grant.clientId, ...(grant.name === undefined ? {} : { name: grant.name }) },
    scopes: grant.scopes,
    signIns: grant.signIns,
  });

  async function list(org: OrgId, userId?: string): Promise<Session[]> {
    const now = clock.now();
    const browsers = await listBrowsers(db, org, userId, now);
    const grants = await listGrants(db, org, userId, now);
    return [
      ...browsers.map((browser): Session => ({ kind: 'browser', ...browser })),
      ...grants.map((grant) => ofGrant(org, grant)),
    ].sort((a, b) => a.createdAt - b.createdAt);
  }

  return {
    list,
    async end(org, userId, id) {
      const found = (await list(org, userId)).find((session) => session.id === id);
      if (!found) throw NotFound({ what: 'session', id });
      const { client } = found;
      if (client) await db.transaction().execute((tx) => deleteGrant(tx, org, userId, client.id));
      else await deleteBrowser(db, org, userId, id);
      roster.tell();
      await roster.refresh();
      return found;
    },
  };
}

/** The same for as long as the program is allowed: there is no row that stands for all that it was given. */
function grantId(org: OrgId, { userId, clientId }: Grant): string {
  const digest = createHash('sha256').update(`${org} ${userId} ${clientId}`).digest('hex');
  return `grant_${digest.slice(0, 20)}`;
}
