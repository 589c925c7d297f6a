import type { Clock } from '../../kernel/clock.ts';
import type { Happenings } from '../../kernel/events.ts';
import type { Bus } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { removeTold } from './store.ts';
import { createWaiting, type Waiting } from './waiting.ts';

export interface EventsDeps {
  db: Db;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/** What happens in organisations: kept where it happens, told to every server, and waited for. */
export interface Events extends Happenings, Waiting, Pick<Outbox, 'onTold'> {
  start(): void;
  stop(): Promise<void>;
}

const sweepMs = 60_000;
/** What nobody gets delivered is kept for those who wait for it. */
const keepToldMs = 60 * 60_000;

export function createEvents({ db, bus, clock, log }: EventsDeps): Events {
  const outbox = createOutbox({ db, bus, clock, log, fanOut: async () => undefined, told: () => undefined });
  const { when } = createWaiting({ db, clock, outbox });
  let sweeping: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const sweep = () => {
    sweeping ??= removeTold(db, clock.now() - keepToldMs)
      .catch((error: unknown) => log.warn({ err: error }, 'old events could not be removed'))
      .finally(() => {
        sweeping = undefined;
      });
  };

  return {
    publish: outbox.publish,
    onTold: outbox.onTold,
    when,
    start() {
      outbox.start();
      timer ??= setInterval(sweep, sweepMs).unref();
    },
    async stop() {
      clearInterval(timer);
      await outbox.stop();
      await sweeping;
    },
  };
}
