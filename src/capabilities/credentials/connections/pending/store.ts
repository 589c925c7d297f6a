import type { OrgId } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';

/** `bigint` comes out of the driver as text. */
type Ms = number | string;

type PendingTables = {
  credential_pending: {
    org: string;
    id: string;
    upstream: string;
    subject: string;
    who: string;
    scopes: string[];
    created_at: Ms;
    expires_at: Ms;
    state_hash: string | null;
    browser_hash: string | null;
    verifier: string | null;
    issuer: string | null;
    client_id: string | null;
    resource: string | null;
    done_at: Ms | null;
  };
};

/** Somebody was asked to connect. Times are milliseconds since the epoch. */
export interface Pending {
  org: OrgId;
  id: string;
  upstream: string;
  subject: string;
  who: string;
  /** What is to be asked for beside what the settings say. */
  scopes: string[];
  createdAt: number;
  expiresAt: number;
}

/** The same once it was begun in a browser. */
export interface Begun extends Pending {
  browserHash: string;
  /** Sealed. */
  verifier: string;
  issuer: string;
  clientId: string;
  resource: string | undefined;
}

const tables = (db: Db) => db.withTables<PendingTables>();

/** One that is open for at least so long, and asks for exactly these scopes. */
export async function findOpen(
  db: Db,
  org: OrgId,
  { upstream, subject, scopes, until }: { upstream: string; subject: string; scopes: string[]; until: number },
): Promise<Pending | undefined> {
  const rows = await tables(db)
    .selectFrom('credential_pending')
    .selectAll()
    .where('org', '=', org)
    .where('upstream', '=', upstream)
    .where('subject', '=', subject)
    .where('done_at', 'is', null)
    .where('expires_at', '>', until)
    .orderBy('expires_at', 'desc')
    .execute();
  const found = rows.find((row) => row.scopes.join(' ') === scopes.join(' '));
  return found && toPending(found);
}

export async function insertPending(db: Db, org: OrgId, pending: Omit<Pending, 'org'>): Promise<void> {
  const { id, upstream, subject, who, scopes, createdAt, expiresAt } = pending;
  await tables(db)
    .insertInto('credential_pending')
    .values({
      org,
      id,
      upstream,
      subject,
      who,
      scopes,
      created_at: createdAt,
      expires_at: expiresAt,
      state_hash: null,
      browser_hash: null,
      verifier: null,
      issuer: null,
      client_id: null,
      resource: null,
      done_at: null,
    })
    .execute();
}

/** By its id, whichever organisation it is of: the link holds nothing else. */
export async function findPending(db: Db, id: string, atMs: number): Promise<Pending | undefined> {
  const row = await tables(db)
    .selectFrom('credential_pending')
    .selectAll()
    .where('id', '=', id)
    .where('done_at', 'is', null)
    .where('expires_at', '>', atMs)
    .executeTakeFirst();
  return row && toPending(row);
}

/** Keeps what the way back is held against; begun again, only the last one counts. */
export async function beginPending(
  db: Db,
  org: OrgId,
  id: string,
  begun: Pick<Begun, 'browserHash' | 'verifier' | 'issuer' | 'clientId' | 'resource'> & { stateHash: string },
): Promise<boolean> {
  const updated = await tables(db)
    .updateTable('credential_pending')
    .set({
      state_hash: begun.stateHash,
      browser_hash: begun.browserHash,
      verifier: begun.verifier,
      issuer: begun.issuer,
      client_id: begun.clientId,
      resource: begun.resource ?? null,
    })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('done_at', 'is', null)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Looks at what a state belongs to, without using it. */
export async function findBegun(db: Db, stateHash: string, atMs: number): Promise<Begun | undefined> {
  const row = await tables(db)
    .selectFrom('credential_pending')
    .selectAll()
    .where('state_hash', '=', stateHash)
    .where('done_at', 'is', null)
    .where('expires_at', '>', atMs)
    .executeTakeFirst();
  return row && toBegun(row);
}

/** Uses a state up: true for one caller alone. */
export async function usePending(db: Db, org: OrgId, id: string, stateHash: string, atMs: number): Promise<boolean> {
  const used = await tables(db)
    .updateTable('credential_pending')
    .set({ done_at: atMs, state_hash: null, verifier: null })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('state_hash', '=', stateHash)
    .where('done_at', 'is', null)
    .executeTakeFirst();
  return used.numUpdatedRows === 1n;
}

/** Whether one that was used is still there; it stays so until the transaction ends. */
export async function holdPending(db: Db, org: OrgId, id: string): Promise<boolean> {
  const row = await tables(db)
    .selectFrom('credential_pending')
    .select('id')
    .where('org', '=', org)
    .where('id', '=', id)
    .where('done_at', 'is not', null)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** Opens one again whose use came to nothing, such as when somebody said no at the provider. */
export async function reopenPending(db: Db, org: OrgId, id: string): Promise<void> {
  await tables(db)
    .updateTable('credential_pending')
    .set({ done_at: null, browser_hash: null })
    .where('org', '=', org)
    .where('id', '=', id)
    .execute();
}

/** Of whatever organisation. */
export async function deleteExpiredPending(db: Db, beforeMs: number): Promise<void> {
  await tables(db).deleteFrom('credential_pending').where('expires_at', '<', beforeMs).execute();
}

/** Of one upstream, of one subject, or of the whole organisation. */
export async function deletePending(
  db: Db,
  org: OrgId,
  of: { upstream?: string; subject?: string } = {},
): Promise<void> {
  let query = tables(db).deleteFrom('credential_pending').where('org', '=', org);
  if (of.upstream !== undefined) query = query.where('upstream', '=', of.upstream);
  if (of.subject !== undefined) query = query.where('subject', '=', of.subject);
  await query.execute();
}

function toPending(row: PendingTables['credential_pending']): Pending {
  const { org, id, upstream, subject, who, scopes } = row;
  return {
    org,
    id,
    upstream,
    subject,
    who,
    scopes,
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
  };
}

function toBegun(row: PendingTables['credential_pending']): Begun | undefined {
  const { browser_hash: browserHash, verifier, issuer, client_id: clientId, resource } = row;
  if (browserHash === null || verifier === null || issuer === null || clientId === null) return undefined;
  return { ...toPending(row), browserHash, verifier, issuer, clientId, resource: resource ?? undefined };
}
