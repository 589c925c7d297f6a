import type { Clock } from '../../kernel/clock.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { Happenings, Told } from '../../kernel/events.ts';
import { newId } from '../../kernel/ids.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Bus } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import {
  countDeliveries,
  type Delivery,
  type DeliveryQuery,
  endWaiting,
  getDelivery,
  listDeliveries,
  removeEnded,
  replayDead,
} from './deliveries/store.ts';
import { createWorker, type Transports, type WorkerDeps } from './deliveries/worker.ts';
import { createDestinations, type Destinations, type DestinationsDeps } from './destinations/destinations.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { getEvent, removeTold } from './store.ts';
import { createWaiting, type Waiting } from './waiting.ts';

export interface EventsDeps extends Omit<DestinationsDeps, 'assertAllowed'>, Pick<WorkerDeps, 'isAlone' | 'ended'> {
  db: Db;
  bus: Bus;
  clock: Clock;
  log: Log;
  transports: Transports;
  assertAllowed: DestinationsDeps['assertAllowed'];
  keepDays: number;
}

/** What a test of a destination came to. */
export interface DestinationTest {
  delivered: boolean;
  tookMs: number;
  fault?: string;
  status?: number;
}

/** What happens in organisations: kept where it happens, told to every server, waited for, and delivered. */
export interface Events extends Happenings, Waiting, Pick<Outbox, 'onTold'> {
  destinations: Pick<Destinations, 'list' | 'put' | 'rotate' | 'remove' | 'declared'> & {
    /** Delivers an event `fairlead.test` once, and tells how it went. @throws NotFound */
    test(org: OrgId, name: string, signal: AbortSignal): Promise<DestinationTest>;
  };
  deliveries: {
    list(org: OrgId, query: DeliveryQuery): Promise<Delivery[]>;
    /** With the event. @throws NotFound */
    show(org: OrgId, id: string): Promise<{ delivery: Delivery; event: Told }>;
    /** Dead letters wait again: one, those of a destination, or all. Resolves to how many. @throws NotFound for one that is not dead */
    replay(org: OrgId, which: { id?: string; destination?: string }): Promise<number>;
    /** In all organisations, as of the last minute. */
    count(): { waiting: number; dead: number };
  };
  redeclare(settings: { destinations: Parameters<Destinations['redeclare']>[0]; keepDays: number }): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const sweepMs = 60_000;
const dayMs = 86_400_000;
/** What nobody gets delivered is kept for those who wait for it. */
const keepToldMs = 60 * 60_000;

export function createEvents(deps: EventsDeps): Events {
  const { db, clock, log } = deps;
  let { keepDays } = deps;
  const destinations = createDestinations(deps);
  const worker = createWorker({ ...deps, destinations });
  const outbox = createOutbox({ ...deps, fanOut: worker.fanOut, told: worker.wake });
  const { when } = createWaiting({ db, clock, outbox });
  let counted = { waiting: 0, dead: 0 };
  let sweeping: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const sweepAll = async () => {
    const now = clock.now();
    counted = await countDeliveries(db);
    await worker.endOrphans();
    await removeEnded(db, now - keepDays * dayMs);
    await removeTold(db, now - keepToldMs);
  };
  const sweep = () => {
    sweeping ??= sweepAll()
      .catch((error: unknown) => log.warn({ err: error }, 'events could not be tidied up'))
      .finally(() => {
        sweeping = undefined;
      });
  };

  return {
    publish: outbox.publish,
    onTold: outbox.onTold,
    when,
    destinations: {
      list: destinations.list,
      put: destinations.put,
      rotate: destinations.rotate,
      declared: destinations.declared,
      async remove(org, name) {
        await destinations.remove(org, name);
        await endWaiting(db, org, name, 'the destination was removed', clock.now());
      },
      async test(org, name, signal) {
        const destination = destinations.find(org, name);
        if (!destination) throw NotFound({ what: 'destination', id: name.slice(0, 100) });
        const at = clock.now();
        const event: Told = { id: newId('evt', at), org, type: 'fairlead.test', subject: name, data: {}, at };
        const tried = await worker.tryOnce(destination, event, signal);
        const tookMs = clock.now() - at;
        if (tried.ok) return { delivered: true, tookMs };
        const { message, status } = tried.fault;
        return { delivered: false, tookMs, fault: message, ...(status === undefined ? {} : { status }) };
      },
    },
    deliveries: {
      list: (org, query) => listDeliveries(db, org, query),
      async show(org, id) {
        const delivery = await getDelivery(db, org, id);
        const event = delivery && (await getEvent(db, org, delivery.event));
        if (!event) throw NotFound({ what: 'delivery', id: id.slice(0, 100) });
        return { delivery, event };
      },
      async replay(org, which) {
        const replayed = await replayDead(db, org, which, clock.now());
        if (which.id !== undefined && replayed === 0)
          throw NotFound({ what: 'dead letter', id: which.id.slice(0, 100) });
        worker.wake();
        return replayed;
      },
      count: () => counted,
    },
    redeclare(next) {
      destinations.redeclare(next.destinations);
      keepDays = next.keepDays;
    },
    async start() {
      await destinations.start();
      await worker.start();
      outbox.start();
      timer ??= setInterval(sweep, sweepMs).unref();
      sweep();
    },
    async stop() {
      clearInterval(timer);
      await outbox.stop();
      await worker.stop();
      await sweeping;
      await destinations.stop();
    },
  };
}
