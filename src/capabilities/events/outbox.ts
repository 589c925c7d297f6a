import type { Clock } from '../../kernel/clock.ts';
import { eventType, type Happening, type Happenings, type Told } from '../../kernel/events.ts';
import { newId } from '../../kernel/ids.ts';
import { isObject, type Json, storable } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Bus } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { insertEvent, markTold, takeUntold } from './store.ts';

export interface OutboxDeps {
  db: Db;
  bus: Bus;
  clock: Clock;
  log: Log;
  /** Writes down who is to get it, in the transaction that tells. */
  fanOut(trx: Db, told: readonly Told[]): Promise<void>;
  /** What was told is committed. */
  told(all: readonly Told[]): void;
}

/** An event as it goes over the bus: without what it carries where that is large. */
interface Word {
  org: OrgId;
  id: string;
  type: string;
}

export interface Outbox extends Happenings {
  /** Told of each event of every organisation, on every server. May be late, and may miss one while the bus is away. */
  onTold(listener: (word: Word) => void): () => void;
  /** Tells what is untold and committed, and resolves when nothing more is. */
  tell(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

const topic = 'events';
const maxBytes = 1024 * 1024;
const atOnce = 100;
const pollMs = 1_000;
/** When one in a transaction is looked for: how long that takes nobody here knows, and the poll comes after these. */
const lookMs = [0, 20, 100, 400];

/** What has happened is written down where it happens, and told by whichever server is first. */
export function createOutbox({ db, bus, clock, log, fanOut, told }: OutboxDeps): Outbox {
  const timers = new Set<NodeJS.Timeout>();
  let running: Promise<void> | undefined;
  let again = false;
  let open = false;
  let failing = false;

  const tellSome = async (): Promise<number> => {
    const all = await db.transaction().execute(async (trx) => {
      const some = await takeUntold(trx, atOnce);
      if (some.length === 0) return some;
      await fanOut(trx, some);
      await markTold(trx, some);
      return some;
    });
    for (const { org, id, type } of all) {
      void bus.publish(topic, { org, id, type }).catch((error: unknown) => {
        log.debug({ err: error, type }, 'an event could not be told to the other servers');
      });
    }
    if (all.length > 0) told(all);
    return all.length;
  };

  const tellAll = async () => {
    try {
      do {
        again = false;
        while ((await tellSome()) === atOnce);
      } while (again);
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'events cannot be told; it is tried again');
      failing = true;
    }
  };

  const tell = (): Promise<void> => {
    if (running) {
      again = true;
      return running;
    }
    running = tellAll().finally(() => {
      running = undefined;
    });
    return running;
  };

  const after = (ms: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (open) void tell();
    }, ms);
    timer.unref();
    timers.add(timer);
  };

  return {
    async publish(on, happening) {
      const event = kept(happening, clock.now());
      await insertEvent(on, event.org, event);
      if (open) for (const ms of on.isTransaction ? lookMs : [0]) after(ms);
    },
    onTold: (listener) =>
      bus.subscribe(topic, (message) => {
        const word = wordOf(message);
        if (word) listener(word);
      }),
    tell,
    start() {
      if (open) return;
      open = true;
      const poll = setInterval(() => void tell(), pollMs).unref();
      timers.add(poll);
      void tell();
    },
    async stop() {
      open = false;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      await running;
    },
  };
}

function kept(happening: Happening, now: number): Told {
  const { type } = happening;
  if (!eventType.test(type)) throw new RangeError(`"${type}" is no type of an event`);
  const data = storableData(happening.data) as Happening['data'];
  if (Buffer.byteLength(JSON.stringify(data)) > maxBytes)
    throw new RangeError(`an event of type ${type} carries more than ${maxBytes} bytes`);
  return { ...happening, data, id: newId('evt', now), at: now };
}

/** Without what a database does not take as JSON: the character 0, and halves of characters. */
function storableData(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (Array.isArray(value)) return value.map(storableData);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [storable(key), storableData(one)]));
}

function wordOf(message: Json): Word | undefined {
  if (!isObject(message)) return undefined;
  const { org, id, type } = message;
  return typeof org === 'string' && typeof id === 'string' && typeof type === 'string' ? { org, id, type } : undefined;
}
