import { isObject } from '../../kernel/json.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { Connection } from './connection.ts';
import { type Trouble, troubleOf } from './failures.ts';
import { patience } from './patience.ts';
import type { Timing } from './types.ts';

interface Deps {
  connection: Connection;
  timing: Timing;
  now(): number;
  log: Log;
  relist(signal: AbortSignal): Promise<void>;
}

interface Care {
  /** Resolves when the connection is lost or of no use any more. */
  over: Promise<Trouble>;
  listChanged(): void;
  suspect(): void;
}

/** Looks after one live connection: lists again after changes and notices when nobody answers any more. */
export function tend({ connection, timing, now, log, relist }: Deps): Care {
  const ending = new AbortController();
  let giveUp: (trouble: Trouble) => void = () => undefined;
  const over = new Promise<Trouble>((resolve) => {
    giveUp = (trouble) => {
      ending.abort();
      clearTimeout(debounce);
      clearInterval(health);
      clearInterval(refresh);
      resolve(trouble);
    };
  });
  let debounce: NodeJS.Timeout | undefined;
  let listing: Promise<void> | undefined;
  let again = false;
  let listedAt = 0;
  let checking: Promise<void> | undefined;
  let silent = 0;

  const within = (ms: number, work: (signal: AbortSignal) => Promise<void>) => {
    const bound = patience(ms);
    return work(AbortSignal.any([ending.signal, bound.signal])).finally(bound.end);
  };

  const listNow = () => {
    debounce = undefined;
    listedAt = now();
    if (listing) {
      again = true;
      return;
    }
    listing = within(timing.connectMs, relist)
      .catch((error: unknown) => {
        const { reason, detail } = troubleOf(error);
        if (!ending.signal.aborted) giveUp({ reason: `it could not be listed again: ${reason}`, detail });
      })
      .finally(() => {
        listing = undefined;
        if (again && !ending.signal.aborted) {
          again = false;
          listChanged();
        }
      });
  };

  const listChanged = () => {
    if (ending.signal.aborted || debounce) return;
    // Not put off by further changes, or an upstream that changes all the time would never be listed; nor hurried.
    const waitMs = Math.max(timing.relistDebounceMs, listedAt + timing.relistMinMs - now());
    debounce = setTimeout(listNow, waitMs);
    debounce.unref();
  };

  const checkNow = () => {
    if (checking || ending.signal.aborted) return;
    checking = within(timing.healthMs, connection.check)
      .then(
        () => {
          silent = 0;
        },
        (error: unknown) => {
          if (ending.signal.aborted) return;
          silent++;
          log.debug({ err: error, silent }, 'upstream did not answer a check');
          const trouble = troubleOf(error);
          // A single silence may be a busy moment; anything else is plain.
          if (silent >= 2 || trouble.reason !== 'it did not answer in time') giveUp(trouble);
        },
      )
      .finally(() => {
        checking = undefined;
      });
  };

  const health = setInterval(() => {
    // Single-threaded servers answer nothing while they work on a call, and they may work long.
    const oneAtATime = connection.kind === 'stdio' || connection.kind === 'sse';
    const busy = oneAtATime && connection.flights.size > 0;
    if (!busy && now() - connection.lastHeardAt() >= timing.healthEveryMs / 2) checkNow();
  }, timing.healthEveryMs);
  health.unref();

  const { tools } = connection.capabilities;
  const announces = isObject(tools) && tools.listChanged === true;
  const refresh = announces ? undefined : setInterval(listChanged, timing.relistEveryMs);
  refresh?.unref();

  void connection.closed.then((reason) => giveUp({ reason }));

  return { over, listChanged, suspect: checkNow };
}
