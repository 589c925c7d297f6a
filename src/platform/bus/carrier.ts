import type { Log } from '../telemetry/index.ts';

/** Takes texts to the other replicas and hands over theirs. May lose some; never fails its caller. */
export interface Carrier {
  send(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** Says once that a service is lost and once that it is back, however often it is tried in between. */
export function watchService(service: string, log: Log) {
  let lost = false;
  return {
    lost(error?: unknown) {
      if (!lost)
        log.warn({ err: error, service }, 'the bus between replicas is interrupted; each replica goes on alone');
      lost = true;
    },
    back() {
      if (lost) log.info({ service }, 'the bus between replicas is back');
      lost = false;
    },
  };
}

/** Doubles from 100 ms to 5 s, with a part left to chance, so that replicas do not return all at once. */
export function reconnectDelayMs(attempt: number): number {
  return Math.min(100 * 2 ** Math.min(attempt, 10), 5_000) * (0.75 + Math.random() / 2);
}
