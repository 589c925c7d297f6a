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
  policy_sets: {
    org: string;
    number: number;
    members: Record<string, number>;
    digest: string;
    change: string;
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

/** All policies of an organisation as they stood after a change. */
export interface PolicySet {
  /** Counts from 1. */
  number: number;
  /** Name to version, of those that were in force. */
  members: Readonly<Record<string, number>>;
  /** `sha256:` over names and the digests of their texts: equal for equal sets. */
  digest: string;
  /** What was done, such as `save no-writes`. */
  change: string;
  savedBy: string;
  /** Milliseconds since the epoch. */
  savedAt: number;
}

/** The newest set's number; 0 where nothing was ever saved. */
export async function readSetNumber(db: Db, org: OrgId): Promise<number> {
  const row = await tables(db)
    .selectFrom('policy_sets')
    .select((eb) => eb.fn.max('number').as('number'))
    .where('org', '=', org)
    .executeTakeFirst();
  return row?.number ?? 0;
}

/** Newest first, those before `before`. */
export async function listSets(db: Db, org: OrgId, before: number, limit: number): Promise<PolicySet[]> {
  const rows = await tables(db)
    .selectFrom('policy_sets')
    .selectAll()
    .where('org', '=', org)
    .where('number', '<', before)
    .orderBy('number', 'desc')
    .limit(limit)
    .execute();
  return rows.map(setOf);
}

export async function getSet(db: Db, org: OrgId, number: number): Promise<PolicySet | undefined> {
  const row = await tables(db)
    .selectFrom('policy_sets')
    .selectAll()
    .where('org', '=', org)
    .where('number', '=', number)
    .executeTakeFirst();
  return row && setOf(row);
}

/** The policies of a set, by name. */
export async function listSetPolicies(db: Db, org: OrgId, number: number): Promise<StoredPolicy[]> {
  const { rows } = await sql<PolicyTables['policy_versions']>`
    select v.* from policy_sets s cross join jsonb_each_text(s.members) m
    join policy_versions v on v.org = s.org and v.name = m.key and v.version = m.value::int
    where s.org = ${org} and s.number = ${number} order by v.name`.execute(db);
  return rows.map(versionOf).filter((version): version is StoredPolicy => version.text !== null);
}

export interface PolicyChange {
  /** By name: the text that it is to have; null removes it. */
  texts: Readonly<Record<string, string | null>>;
  /** What is done, such as `save no-writes`. */
  change: string;
  by: string;
  /** Milliseconds since the epoch. */
  atMs: number;
  /** Most names that one organisation may have in force. */
  limit: number;
  /** Number of the set that this was decided upon; nothing is done where another one is in force by now. */
  basedOn?: number | undefined;
}

export type ChangeRefusal = 'changed' | 'not there' | 'too many';

/** Adds a version for each text and a set with all of them, which is in force from then on. */
export async function changePolicies(
  db: Db,
  org: OrgId,
  { texts, change, by, atMs, limit, basedOn }: PolicyChange,
): Promise<{ versions: PolicyVersion[]; set: PolicySet } | ChangeRefusal> {
  return db
    .transaction()
    .execute(async (trx) => {
      await bumpRevision(trx, org, atMs); // first: its row lock puts the writers of one organisation in line
      const number = await readSetNumber(trx, org);
      if (basedOn !== undefined && basedOn !== number) throw new Refused('changed');
      const current = new Map(
        (await listPolicies(trx, org)).map(({ name, version, digest }) => [name, { version, digest }]),
      );
      const saved = { saved_by: by, saved_at: new Date(atMs) };
      const versionsAdded: PolicyVersion[] = [];
      for (const [name, text] of Object.entries(texts)) {
        if (text === null && !current.has(name)) throw new Refused('not there');
        const version = (await newestVersion(trx, org, name)) + 1;
        const row = { org, name, version, text, digest: digestOf(text), ...saved };
        await tables(trx).insertInto('policy_versions').values(row).execute();
        if (text === null) current.delete(name);
        else current.set(name, { version, digest: row.digest });
        await putInForce(trx, org, name, text === null ? undefined : version);
        versionsAdded.push(versionOf(row));
      }
      if (current.size > limit) throw new Refused('too many');
      const members = [...current].sort(([a], [b]) => (a < b ? -1 : 1));
      const set = {
        org,
        number: number + 1,
        members: Object.fromEntries(members.map(([name, { version }]) => [name, version])),
        digest: digestOf(members.map(([name, { digest }]) => [name, digest])),
        change,
        ...saved,
      };
      await tables(trx)
        .insertInto('policy_sets')
        .values({ ...set, members: JSON.stringify(set.members) as never })
        .execute();
      return { versions: versionsAdded, set: setOf(set) };
    })
    .catch((error: unknown) => {
      if (error instanceof Refused) return error.why;
      throw error;
    });
}

/** Thrown, so that what was written before it was seen is taken back. */
class Refused extends Error {
  readonly why: ChangeRefusal;

  constructor(why: ChangeRefusal) {
    super(why);
    this.why = why;
  }
}

async function newestVersion(db: Db, org: OrgId, name: string): Promise<number> {
  const newest = await versions(db, org)
    .where('v.name', '=', name)
    .orderBy('v.version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return newest?.version ?? 0;
}

async function putInForce(db: Db, org: OrgId, name: string, version: number | undefined): Promise<void> {
  if (version === undefined) {
    await tables(db).deleteFrom('policies').where('org', '=', org).where('name', '=', name).execute();
    return;
  }
  await tables(db)
    .insertInto('policies')
    .values({ org, name, version })
    .onConflict((on) => on.columns(['org', 'name']).doUpdateSet({ version }))
    .execute();
}

/** Removes everything of one organisation, its history included. */
export async function purgePolicies(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('policies').where('org', '=', org).execute();
  await tables(db).deleteFrom('policy_sets').where('org', '=', org).execute();
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

function setOf(row: PolicyTables['policy_sets']): PolicySet {
  const { number, members, digest, change } = row;
  return { number, members, digest, change, savedBy: row.saved_by, savedAt: row.saved_at.getTime() };
}

/** Begins at the time, not at 1: an organisation purged and made anew must not come back to a number seen before. */
async function bumpRevision(db: Db, org: OrgId, atMs: number): Promise<void> {
  await sql`insert into policy_revisions (org, revision) values (${org}, ${atMs})
    on conflict (org) do update set revision = policy_revisions.revision + 1`.execute(db);
}
