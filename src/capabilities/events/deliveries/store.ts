import { type SqlBool, sql } from 'kysely';
import type { Told } from '../../../kernel/events.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/index.ts';
import { type EventRow, eventOf } from '../store.ts';

export const deliveryStates = ['waiting', 'delivered', 'dead'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** An event on its way to one destination, and what became of it. */
export interface Delivery {
  id: string;
  event: string;
  type: string;
  subject?: string;
  destination: string;
  state: DeliveryState;
  /** Tries that are over. */
  attempts: number;
  /** Of one that waits; milliseconds since the epoch, as all times here. */
  nextAt?: number;
  attemptedAt?: number;
  /** Why the last try failed. */
  fault?: string;
  /** What the other side answered by then. */
  status?: number;
  createdAt: number;
  endedAt?: number;
}

type Big = number | string;
interface DeliveryRow {
  org: string;
  id: string;
  event: string;
  destination: string;
  state: string;
  attempts: number;
  next_at: Big;
  try: string | null;
  attempted_at: Big | null;
  fault: string | null;
  status: number | null;
  created_at: Big;
  ended_at: Big | null;
}

const tables = (db: Db) => db.withTables<{ event_deliveries: DeliveryRow; events: EventRow }>();

export interface NewDelivery {
  id: string;
  event: string;
  destination: string;
}

/** One for each destination of each event, however often it is said. */
export async function insertDeliveries(db: Db, org: OrgId, all: readonly NewDelivery[], nowMs: number): Promise<void> {
  const rows = all.map((one) => ({ org, ...one, state: 'waiting', attempts: 0, next_at: nowMs, created_at: nowMs }));
  await tables(db)
    .insertInto('event_deliveries')
    .values(rows)
    .onConflict((on) => on.columns(['org', 'event', 'destination']).doNothing())
    .execute();
}

/** How many of one destination may be tried now, and until when whoever takes them is believed to try. */
export interface Room {
  org: OrgId;
  name: string;
  room: number;
  /** For all destinations of the organisation together. */
  roomOfOrg: number;
  leaseMs: number;
}

export interface Taken {
  id: string;
  try: string;
  destination: string;
  attempts: number;
  event: Told;
}

/** What is due, of every organisation, each for one taker alone: what another one takes at the same time is passed over. */
export async function takeDue(
  db: Db,
  rooms: readonly Room[],
  { try: attempt, most }: { try: string; most: number },
  nowMs: number,
): Promise<Taken[]> {
  const { rows } = await sql<EventRow & { delivery: string; destination: string; attempts: number }>`
    with waiting as (
      select d.org, d.id, d.next_at, r.lease, r.room_of_org
      from unnest(${rooms.map(({ org }) => org)}::text[], ${rooms.map(({ name }) => name)}::text[],
          ${rooms.map(({ room }) => room)}::integer[], ${rooms.map(({ roomOfOrg }) => roomOfOrg)}::integer[],
          ${rooms.map(({ leaseMs }) => leaseMs)}::integer[])
        as r (org, name, room, room_of_org, lease)
      cross join lateral (
        select org, id, next_at from event_deliveries
        where org = r.org and destination = r.name and state = 'waiting' and next_at <= ${nowMs}
        order by next_at limit r.room for update skip locked
      ) as d
    ), placed as (
      select org, id, next_at, lease, room_of_org, row_number() over (partition by org order by next_at) as place from waiting
    ), due as (
      select org, id, lease from placed where place <= room_of_org order by next_at limit ${most}
    ), taken as (
      update event_deliveries as d set next_at = ${nowMs}::bigint + due.lease, try = ${attempt}, attempted_at = ${nowMs}
      from due where d.org = due.org and d.id = due.id
      returning d.org, d.id, d.destination, d.attempts, d.event
    )
    select e.*, taken.id as delivery, taken.destination, taken.attempts
    from taken join events as e on e.org = taken.org and e.id = taken.event`.execute(db);
  return rows.map(({ delivery, destination, attempts, ...event }) => ({
    id: delivery,
    try: attempt,
    destination,
    attempts,
    event: eventOf(event),
  }));
}

/** What a try came to. */
export type TryEnd =
  | { state: 'delivered' }
  | { state: 'dead'; fault: string; status?: number | undefined }
  | { state: 'waiting'; fault: string; status?: number | undefined; nextAt: number };

/** False where somebody else has taken it since: the try had lasted too long to be believed. */
export async function endTry(
  db: Db,
  org: OrgId,
  { id, try: attempt }: Taken,
  end: TryEnd,
  nowMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await tables(db)
    .updateTable('event_deliveries')
    .set((of) => ({
      state: end.state,
      attempts: of('attempts', '+', 1),
      try: null,
      fault: end.state === 'delivered' ? null : end.fault,
      status: end.state === 'delivered' ? null : (end.status ?? null),
      ...(end.state === 'waiting' ? { next_at: end.nextAt } : { ended_at: nowMs }),
    }))
    .where('org', '=', org)
    .where('id', '=', id)
    .where('try', '=', attempt)
    .where('state', '=', 'waiting')
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** A try that did not begin, or was cut off by the end of this server: it is due again, for anybody. */
export async function giveBack(db: Db, org: OrgId, { id, try: attempt }: Taken, nowMs: number): Promise<void> {
  await tables(db)
    .updateTable('event_deliveries')
    .set({ next_at: nowMs, try: null })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('try', '=', attempt)
    .execute();
}

/** Where no other server can be: tries that a former run began are due at once. */
export async function forgetTries(db: Db, nowMs: number): Promise<void> {
  await tables(db)
    .updateTable('event_deliveries')
    .set({ next_at: nowMs, try: null })
    .where('try', 'is not', null)
    .where('state', '=', 'waiting')
    .execute();
}

/** Ends what waits for a destination that is there no more. */
export async function endWaiting(db: Db, org: OrgId, destination: string, fault: string, nowMs: number): Promise<void> {
  await tables(db)
    .updateTable('event_deliveries')
    .set({ state: 'dead', fault, try: null, ended_at: nowMs })
    .where('org', '=', org)
    .where('destination', '=', destination)
    .where('state', '=', 'waiting')
    .execute();
}

/** Destinations that something has waited for since before, of every organisation. */
export async function listWaitingSince(db: Db, beforeMs: number): Promise<{ org: OrgId; destination: string }[]> {
  return await tables(db)
    .selectFrom('event_deliveries')
    .select(['org', 'destination'])
    .distinct()
    .where('state', '=', 'waiting')
    .where('next_at', '<', beforeMs)
    .execute();
}

export interface DeliveryQuery {
  state?: DeliveryState | undefined;
  destination?: string | undefined;
  /** Ids before this one: they sort by time. */
  before?: string | undefined;
  limit: number;
}

const shown = [
  'event_deliveries.id',
  'event_deliveries.event',
  'event_deliveries.destination',
  'event_deliveries.state',
  'event_deliveries.attempts',
  'event_deliveries.next_at',
  'event_deliveries.attempted_at',
  'event_deliveries.fault',
  'event_deliveries.status',
  'event_deliveries.created_at',
  'event_deliveries.ended_at',
  'events.type',
  'events.subject',
] as const;

const joined = (db: Db, org: OrgId) =>
  tables(db)
    .selectFrom('event_deliveries')
    .innerJoin('events', (on) =>
      on.onRef('events.org', '=', 'event_deliveries.org').onRef('events.id', '=', 'event_deliveries.event'),
    )
    .select(shown)
    .where('event_deliveries.org', '=', org);

/** Newest first. */
export async function listDeliveries(db: Db, org: OrgId, query: DeliveryQuery): Promise<Delivery[]> {
  const { state, destination, before, limit } = query;
  let select = joined(db, org);
  if (state !== undefined) select = select.where('event_deliveries.state', '=', state);
  if (destination !== undefined) select = select.where('event_deliveries.destination', '=', destination);
  if (before !== undefined) select = select.where('event_deliveries.id', '<', before);
  const rows = await select.orderBy('event_deliveries.id', 'desc').limit(limit).execute();
  return rows.map(deliveryOf);
}

export async function getDelivery(db: Db, org: OrgId, id: string): Promise<Delivery | undefined> {
  const row = await joined(db, org).where('event_deliveries.id', '=', id).executeTakeFirst();
  return row && deliveryOf(row);
}

/** Dead letters wait again, as if they were new: one, those of a destination, or all. Resolves to how many. */
export async function replayDead(
  db: Db,
  org: OrgId,
  which: { id?: string | undefined; destination?: string | undefined },
  nowMs: number,
): Promise<number> {
  let update = tables(db)
    .updateTable('event_deliveries')
    .set({ state: 'waiting', attempts: 0, next_at: nowMs, try: null, ended_at: null })
    .where('org', '=', org)
    .where('state', '=', 'dead');
  if (which.id !== undefined) update = update.where('id', '=', which.id);
  if (which.destination !== undefined) update = update.where('destination', '=', which.destination);
  const { numUpdatedRows } = await update.executeTakeFirst();
  return Number(numUpdatedRows);
}

/** How many wait and how many are dead, in all organisations together. */
export async function countDeliveries(db: Db): Promise<{ waiting: number; dead: number }> {
  const { rows } = await sql<{ waiting: Big; dead: Big }>`
    select count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'dead') as dead
    from event_deliveries where state in ('waiting', 'dead')`.execute(db);
  return { waiting: Number(rows[0]?.waiting ?? 0), dead: Number(rows[0]?.dead ?? 0) };
}

/** Removes what has been over since before, of every organisation. */
export async function removeEnded(db: Db, beforeMs: number): Promise<void> {
  await tables(db).deleteFrom('event_deliveries').where(sql<SqlBool>`ended_at < ${beforeMs}`).execute();
}

type Shown = Pick<
  DeliveryRow,
  | 'id'
  | 'event'
  | 'destination'
  | 'state'
  | 'attempts'
  | 'next_at'
  | 'attempted_at'
  | 'fault'
  | 'status'
  | 'created_at'
  | 'ended_at'
> &
  Pick<EventRow, 'type' | 'subject'>;

function deliveryOf(row: Shown): Delivery {
  const { id, event, type, destination, attempts } = row;
  return {
    id,
    event,
    type,
    ...(row.subject === null ? {} : { subject: row.subject }),
    destination,
    state: row.state as DeliveryState,
    attempts,
    ...(row.state === 'waiting' ? { nextAt: Number(row.next_at) } : {}),
    ...(row.attempted_at === null ? {} : { attemptedAt: Number(row.attempted_at) }),
    ...(row.fault === null ? {} : { fault: row.fault }),
    ...(row.status === null ? {} : { status: row.status }),
    createdAt: Number(row.created_at),
    ...(row.ended_at === null ? {} : { endedAt: Number(row.ended_at) }),
  };
}
