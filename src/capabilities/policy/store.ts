import { sql } from 'kysely';
import { digestOf } from '../../kernel/digest.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';

/** One version of an organisation's own policy. */
export interface PolicyVersion {
  name: string;
  /** Counts from 1, over removals too. */
  version: number;
  /** Cedar; null in the version that removed it. */
  text: string | null;
  /** `sha256:` over the text. */
  digest: string;
  /** Id of the principal who saved it. */
  savedBy: string;
  /** Milliseconds since the epoch. */
  savedAt: number;
}

/** A version with its text: what is in force. */
export type StoredPolicy = PolicyVersion & { text: string };

type PolicyTables = {
  policies: { org: string; name: string; version: number };
  policy_versions: {
    org: string;
    name: string;
    version: number;
    text: string | null;
    digest: string;
    saved_by: string;
    saved_at: Date;
  };
  policy_revisions: { org: string; revision: string };
};

const tables = (db: Db) => db.withTables<PolicyTables>();

/** Every organisation's revision: it grows with each change, so that replicas notice what they missed. */
export async function readRevisions(db: Db): Promise<Map<OrgId, string>> {
  const rows = await tables(db).selectFrom('policy_revisions').selectAll().execute();
  return new Map(rows.map((row) => [row.org, row.revision]));
}

export async function listPolicies(db: Db, org: OrgId): Promise<StoredPolicy[]> {
  const rows = await current(db, org).orderBy('v.name').execute();
  return rows.map(versionOf).filter((version): version is StoredPolicy => version.text !== null);
}

export async function getPolicy(db: Db, org: OrgId, name: string): Promise<StoredPolicy | undefined> {
  const row = await current(db, org).where('v.name', '=', name).executeTakeFirst();
  if (row === undefined || row.text === null) return undefined;
  return { ...versionOf(row), text: row.text };
}

/** Newest first. */
export async function listVersions(db: Db, org: OrgId, name: string): Promise<PolicyVersion[]> {
  const rows = await versions(db, org).where('v.name', '=', name).orderBy('v.version', 'desc').execute();
  return rows.map(versionOf);
}

export async function getVersion(
  db: Db,
  org: OrgId,
  name: string,
  version: number,
): Promise<PolicyVersion | undefined> {
  const row = await versions(db, org).where('v.name', '=', name).where('v.version', '=', version).executeTakeFirst();
  return row && versionOf(row);
}

export interface PolicyChange {
  name: string;
  /** null removes it. */
  text: string | null;
  by: string;
  /** Milliseconds since the epoch. */
  atMs: number;
  /** Most names that one organisation may have in force. */
  limit: number;
}

/** Adds a version and puts it in force. Undefined when it is one name too many, or when what is removed is not there. */
export async function addVersion(db: Db, org: OrgId, change: PolicyChange): Promise<PolicyVersion | undefined> {
  const { name, text } = change;
  return db.transaction().execute(async (trx) => {
    await bumpRevision(trx, org, change.atMs); // first: its row lock puts the writers of one organisation in line
    const names = await tables(trx).selectFrom('policies').select('name').where('org', '=', org).execute();
    const isThere = names.some((row) => row.name === name);
    if (text === null ? !isThere : !isThere && names.length >= change.limit) return undefined;
    const newest = await versions(trx, org)
      .where('v.name', '=', name)
      .orderBy('v.version', 'desc')
      .limit(1)
      .executeTakeFirst();
    const row = {
      org,
      name,
      version: (newest?.version ?? 0) + 1,
      text,
      digest: digestOf(text),
      saved_by: change.by,
      saved_at: new Date(change.atMs),
    };
    await tables(trx).insertInto('policy_versions').values(row).execute();
    if (text === null) {
      await tables(trx).deleteFrom('policies').where('org', '=', org).where('name', '=', name).execute();
    } else {
      await tables(trx)
        .insertInto('policies')
        .values({ org, name, version: row.version })
        .onConflict((on) => on.columns(['org', 'name']).doUpdateSet({ version: row.version }))
        .execute();
    }
    return versionOf(row);
  });
}

/** Removes everything of one organisation, its history included. */
export async function purgePolicies(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('policies').where('org', '=', org).execute();
  await tables(db).deleteFrom('policy_versions').where('org', '=', org).execute();
  await tables(db).deleteFrom('policy_revisions').where('org', '=', org).execute();
}

function versions(db: Db, org: OrgId) {
  return tables(db).selectFrom('policy_versions as v').selectAll('v').where('v.org', '=', org);
}

function current(db: Db, org: OrgId) {
  return versions(db, org).innerJoin('policies as p', (join) =>
    join.onRef('p.org', '=', 'v.org').onRef('p.name', '=', 'v.name').onRef('p.version', '=', 'v.version'),
  );
}

function versionOf(row: PolicyTables['policy_versions']): PolicyVersion {
  const { name, version, text, digest } = row;
  return { name, version, text, digest, savedBy: row.saved_by, savedAt: row.saved_at.getTime() };
}

/** Begins at the time, not at 1: an organisation purged and made anew must not come back to a number seen before. */
async function bumpRevision(db: Db, org: OrgId, atMs: number): Promise<void> {
  await sql`insert into policy_revisions (org, revision) values (${org}, ${atMs})
    on conflict (org) do update set revision = policy_revisions.revision + 1`.execute(db);
}
