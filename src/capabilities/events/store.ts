import { sql } from 'kysely';
import type { Happening, Told } from '../../kernel/events.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';

type EventTables = {
  events: {
    org: string;
    id: string;
    type: string;
    subject: string | null;
    data: unknown;
    concerns: unknown;
    at: number | string;
    told: boolean;
  };
};
export type EventRow = Omit<EventTables['events'], 'told'>;

const tables = (db: Db) => db.withTables<EventTables>();
const columns = ['org', 'id', 'type', 'subject', 'data', 'concerns', 'at'] as const;

export async function insertEvent(db: Db, org: OrgId, one: Told): Promise<void> {
  const { id, type, subject = null, data, to, at } = one;
  await tables(db)
    .insertInto('events')
    .values({
      org,
      id,
      type,
      subject,
      data: JSON.stringify(data),
      concerns: to ? JSON.stringify(to) : null,
      at,
      told: false,
    })
    .execute();
}

/** Of every organisation, oldest first, for this transaction alone: what another one holds is passed over. */
export async function takeUntold(trx: Db, limit: number): Promise<Told[]> {
  const rows = await tables(trx)
    .selectFrom('events')
    .select(columns)
    .where('told', '=', false)
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute();
  return rows.map(eventOf);
}

export async function markTold(trx: Db, all: readonly Told[]): Promise<void> {
  const orgs = all.map(({ org }) => org);
  const ids = all.map(({ id }) => id);
  await sql`update events set told = true
    where (org, id) in (select * from unnest(${orgs}::text[], ${ids}::text[]))`.execute(trx);
}

export async function getEvent(db: Db, org: OrgId, id: string): Promise<Told | undefined> {
  const row = await tables(db)
    .selectFrom('events')
    .select(columns)
    .where('org', '=', org)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && eventOf(row);
}

/** Oldest first, of those that happened at a time or after it. */
export async function listSince(db: Db, org: OrgId, sinceMs: number, limit: number): Promise<Told[]> {
  const rows = await tables(db)
    .selectFrom('events')
    .select(columns)
    .where('org', '=', org)
    .where('at', '>=', sinceMs)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(eventOf);
}

/** Removes what was told before, of every organisation, unless a delivery of it is kept. */
export async function removeTold(db: Db, beforeMs: number): Promise<void> {
  await sql`
    delete from events where told and at < ${beforeMs}
      and not exists (select from event_deliveries of where of.org = events.org and of.event = events.id)`.execute(db);
}

/** Removes everything of one organisation. */
export async function purgeEvents(db: Db, org: OrgId): Promise<void> {
  await sql`delete from events where org = ${org}`.execute(db); // its deliveries go along
  await sql`delete from event_destinations where org = ${org}`.execute(db);
  await sql`delete from hook_deliveries where org = ${org}`.execute(db);
}

export function eventOf({ org, id, type, subject, data, concerns, at }: EventRow): Told {
  return {
    org,
    id,
    type,
    ...(subject === null ? {} : { subject }),
    data: data as Happening['data'],
    ...(concerns === null ? {} : { to: concerns as string[] }),
    at: Number(at),
  };
}
