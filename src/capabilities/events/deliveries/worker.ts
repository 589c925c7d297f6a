import type { DestinationOfAny } from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { FairleadError } from '../../../kernel/errors.ts';
import { DeliveryFault, type Told, type Transport } from '../../../kernel/events.ts';
import { newId } from '../../../kernel/ids.ts';
import type { Db } from '../../../platform/db/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import type { Destinations, KnownDestination } from '../destinations/destinations.ts';
import { delayAfter } from './backoff.ts';
import {
  endTry,
  endWaiting,
  forgetTries,
  giveBack,
  insertDeliveries,
  listWaitingSince,
  type Taken,
  takeDue,
} from './store.ts';

/** A way to deliver for each type of destination. */
export type Transports = { [T in DestinationOfAny['type']]: Transport<Extract<DestinationOfAny, { type: T }>> };

export interface WorkerDeps {
  db: Db;
  /** Whether this server alone has the database, so that no try of another one can be under way. */
  isAlone: boolean;
  clock: Clock;
  log: Log;
  destinations: Pick<Destinations, 'known' | 'for' | 'find'>;
  transports: Transports;
  ended(how: 'delivered' | 'failed' | 'dead'): void;
}

/** How one try went. */
export type Tried = { ok: true } | { ok: false; fault: DeliveryFault };

export interface Worker {
  /** Writes down who gets what, in the transaction that tells it. */
  fanOut(trx: Db, told: readonly Told[]): Promise<void>;
  /** Something may be due. */
  wake(): void;
  /** Delivers once, now, whatever comes of it. */
  tryOnce(destination: KnownDestination, event: Told, signal: AbortSignal): Promise<Tried>;
  /** Ends what waits for destinations that have been gone for a while. */
  endOrphans(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const pollMs = 1_000;
const atOnce = 60;
const atOnceEach = 4;
/** So that receivers of one organisation that hang keep nobody else waiting. */
const atOnceOfOrg = 20;
/** Beyond its time-out a try is believed for this long. */
const slackMs = 5_000;
/** Who goes on with a destination that this server does not know: another one, with a newer file or a fresher look. */
const orphanedAfterMs = 10 * 60_000;
const drainMs = 3_000;

/**
 * Takes deliveries that are due and makes them. They come at least once: a server that dies after the other side has answered
 * leaves them to be made again. Several of one destination are under way at once, so that they may come in any order.
 */
export function createWorker(deps: WorkerDeps): Worker {
  const { db, isAlone, clock, log, destinations, transports, ended } = deps;
  const underWay = new Map<string, Set<Promise<void>>>();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let again = false;
  let open = false;
  let failing = false;

  const keyOf = (one: { org: string; name: string }) => `${one.org} ${one.name}`;
  const inFlight = () => [...underWay.values()].reduce((sum, { size }) => sum + size, 0);

  const tryOnce: Worker['tryOnce'] = async (destination, event, signal) => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(destination.timeoutSeconds * 1_000)]);
    try {
      const ready = await destination.ready();
      const transport = transports[destination.type] as Transport<DestinationOfAny>;
      await transport.deliver(ready, event, within);
      return { ok: true };
    } catch (error) {
      return { ok: false, fault: asFault(error) };
    }
  };

  const make = async (destination: KnownDestination, taken: Taken): Promise<void> => {
    const { org } = destination;
    const tried = await tryOnce(destination, taken.event, stopping.signal);
    if (!tried.ok && stopping.signal.aborted) return giveBack(db, org, taken, clock.now());
    const now = clock.now();
    const about = { org, destination: destination.name, delivery: taken.id, event: taken.event.id };
    if (tried.ok) {
      await endTry(db, org, taken, { state: 'delivered' }, now);
      return ended('delivered');
    }
    const { message: fault, status, retryable, retryAfterMs } = tried.fault;
    const failed = taken.attempts + 1;
    if (!retryable || failed >= destination.attempts) {
      if (!(await endTry(db, org, taken, { state: 'dead', fault, status }, now))) return;
      log.warn({ ...about, fault, attempts: failed }, 'an event could not be delivered and is a dead letter now');
      return ended('dead');
    }
    const nextAt = now + delayAfter(failed, destination.firstRetrySeconds * 1_000, retryAfterMs);
    await endTry(db, org, taken, { state: 'waiting', fault, status, nextAt }, now);
    log.debug({ ...about, fault, attempts: failed }, 'an event was not delivered; it is tried again');
    ended('failed');
  };

  const begin = (destination: KnownDestination, taken: Taken) => {
    const key = keyOf(destination);
    const all = underWay.get(key) ?? new Set();
    underWay.set(key, all);
    const done: Promise<void> = make(destination, taken)
      .catch((error: unknown) =>
        log.warn({ err: error, delivery: taken.id }, 'the end of a delivery could not be kept'),
      )
      .finally(() => {
        all.delete(done);
        if (all.size === 0) underWay.delete(key);
        wake();
      });
    all.add(done);
  };

  const look = async (): Promise<void> => {
    try {
      do {
        again = false;
        const left = atOnce - inFlight();
        const known = destinations.known();
        const ofOrg = new Map<string, number>();
        for (const one of known) {
          const size = underWay.get(keyOf(one))?.size ?? 0;
          ofOrg.set(one.org, (ofOrg.get(one.org) ?? 0) + size);
        }
        const rooms = known.map((one) => ({
          org: one.org,
          name: one.name,
          roomOfOrg: atOnceOfOrg - (ofOrg.get(one.org) ?? 0),
          room: Math.min(atOnceEach - (underWay.get(keyOf(one))?.size ?? 0), left),
          leaseMs: one.timeoutSeconds * 1_000 + slackMs,
        }));
        const free = rooms.filter(({ room, roomOfOrg }) => room > 0 && roomOfOrg > 0);
        const taken = free.length === 0 ? [] : await takeDue(db, free, { try: newId('try'), most: left }, clock.now());
        for (const one of taken) {
          const destination = destinations.find(one.event.org, one.destination);
          if (destination) begin(destination, one);
          else await giveBack(db, one.event.org, one, clock.now()); // it went in this very moment
        }
      } while (again && open);
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'deliveries of events cannot be looked for; it is tried again');
      failing = true;
    }
  };

  function wake(): void {
    if (!open) return;
    if (looking) {
      again = true;
      return;
    }
    looking = look().finally(() => {
      looking = undefined;
    });
  }

  return {
    async fanOut(trx, told) {
      const now = clock.now();
      for (const event of told) {
        const all = destinations.for(event).map(({ name }) => ({
          id: newId('dlv', now),
          event: event.id,
          destination: name,
        }));
        if (all.length > 0) await insertDeliveries(trx, event.org, all, now);
      }
    },
    wake,
    tryOnce,
    async endOrphans() {
      const now = clock.now();
      for (const { org, destination } of await listWaitingSince(db, now - orphanedAfterMs))
        if (!destinations.find(org, destination))
          await endWaiting(db, org, destination, 'there is no destination of this name any more', now);
    },
    async start() {
      if (open) return;
      if (isAlone) await forgetTries(db, clock.now());
      open = true;
      timer = setInterval(wake, pollMs).unref();
      wake();
    },
    async stop() {
      open = false;
      clearInterval(timer);
      await looking;
      const all = [...underWay.values()].flatMap((some) => [...some]);
      const late = setTimeout(() => stopping.abort(), drainMs);
      await Promise.all(all);
      clearTimeout(late);
    },
  };
}

function asFault(error: unknown): DeliveryFault {
  if (error instanceof DeliveryFault) return error;
  // Ours have texts for people; of others nobody knows what stands in them.
  const text = error instanceof FairleadError ? error.message : 'it could not be tried';
  return new DeliveryFault(text, { retryable: true, cause: error });
}
