import type { Clock } from '../../kernel/clock.ts';
import { isOfPattern, type Told } from '../../kernel/events.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Outbox } from './outbox.ts';
import { getEvent, listSince } from './store.ts';

/** Waits for something to happen in an organisation. */
export interface Waiting {
  /**
   * The next event of a type, on whichever server it happens; undefined once the signal is aborted. It is looked for on the bus
   * and, since that may lose one, every second in what is kept. Rejects when that cannot be read.
   */
  when(org: OrgId, pattern: string, signal: AbortSignal): Promise<Told | undefined>;
}

const lookAgainMs = 1_000;
const page = 500;

export function createWaiting({
  db,
  clock,
  outbox,
}: {
  db: Db;
  clock: Clock;
  outbox: Pick<Outbox, 'onTold'>;
}): Waiting {
  return {
    async when(org, pattern, signal) {
      const since = clock.now();
      const { promise, resolve, reject } = Promise.withResolvers<Told | undefined>();
      const leave = () => resolve(undefined);
      const found = (event: Told | undefined) => {
        if (event) resolve(event);
      };
      const look = async () => {
        for (let from = since; ; ) {
          const all = await listSince(db, org, from, page);
          const one = all.find(({ type }) => isOfPattern(pattern, type));
          const last = all.at(-1);
          if (one || all.length < page || !last) return found(one);
          if (last.at === from) return;
          from = last.at;
        }
      };
      const end = outbox.onTold((word) => {
        if (word.org === org && isOfPattern(pattern, word.type)) getEvent(db, org, word.id).then(found, reject);
      });
      const timer = setInterval(() => void look().catch(reject), lookAgainMs);
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
      try {
        return await promise;
      } finally {
        end();
        clearInterval(timer);
        signal.removeEventListener('abort', leave);
      }
    },
  };
}
