import type { SourceChoice } from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Happenings } from '../../../kernel/events.ts';
import type { Json } from '../../../kernel/json.ts';
import type { Db } from '../../../platform/db/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { HookNotKept, HookRefused, HookTooLarge } from '../errors.ts';
import { type HeaderOf, read } from './formats.ts';
import { insertMarks, removeMarks } from './store.ts';

export interface HooksDeps {
  db: Db;
  clock: Clock;
  log: Log;
  events: Happenings;
  declared: Record<string, SourceChoice>;
  maxBytes: number;
  ended(how: 'accepted' | 'repeated' | 'refused'): void;
}

/** What outside senders tell us, each signed by a secret that only they and we have. */
export interface Hooks {
  /** Longest body; the same for all, so that it says nothing of which sources there are. */
  maxBytes(): number;
  /**
   * Takes a delivery: it is an event, and durable, when this resolves. `repeated` is one that was taken before. Throws
   * `HookRefused`, by the same words for whatever reason, `HookTooLarge` and `HookNotKept`.
   */
  receive(source: string, headerOf: HeaderOf, body: Buffer): Promise<'accepted' | 'repeated'>;
  declared(): Readonly<Record<string, SourceChoice>>;
  redeclare(settings: { sources: Record<string, SourceChoice>; maxHookBytes: number }): void;
  start(): void;
  stop(): Promise<void>;
}

/** So long what was taken is known. */
const rememberMs = 30 * 86_400_000;
const sweepMs = 3_600_000;
/** Stands in for a source that there is not, so that the answer takes as long. */
const nobody: SourceChoice = { format: 'github', org: 'default', secrets: ['nobody has this secret'] };

class Repeated extends Error {}

export function createHooks(deps: HooksDeps): Hooks {
  const { db, clock, log, events, ended } = deps;
  let { declared, maxBytes } = deps;
  let sweeping: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const sweep = () => {
    sweeping = removeMarks(db, clock.now() - rememberMs).catch((error: unknown) =>
      log.warn({ err: error }, 'old marks of what was received could not be removed'),
    );
  };

  return {
    maxBytes: () => maxBytes,
    async receive(name, headerOf, body) {
      if (body.length > maxBytes) throw HookTooLarge({ maxBytes });
      const source = Object.hasOwn(declared, name) ? declared[name] : undefined;
      const now = clock.now();
      const found = read(source ?? nobody, headerOf, body, now);
      if (!source || 'refused' in found) {
        const reason = source && 'refused' in found ? found.refused : 'there is no such source';
        log.info({ source: name.slice(0, 50), reason }, 'something sent to /hooks was refused');
        ended('refused');
        throw HookRefused();
      }
      const { org } = source;
      const { marks, delivery, kind, payload } = found;
      const data = { ...(delivery === undefined ? {} : { delivery }), payload: payload as Json };
      try {
        await db.transaction().execute(async (trx) => {
          // Whatever else it marks must not count: an id that nobody signed could be that of a delivery yet to come.
          if (!(await insertMarks(trx, org, name, marks, now))) throw new Repeated();
          await events.publish(trx, { type: `hook.${name}.${kind}`, org, subject: name, data });
        });
        ended('accepted');
        return 'accepted';
      } catch (error) {
        if (error instanceof Repeated) {
          ended('repeated');
          return 'repeated';
        }
        if (error instanceof RangeError) throw HookTooLarge({ maxBytes }, { cause: error });
        log.error({ err: error, source: name }, 'something that was sent could not be kept');
        throw HookNotKept({}, { cause: error, retryAfterSeconds: 5 });
      }
    },
    declared: () => declared,
    redeclare({ sources, maxHookBytes }) {
      [declared, maxBytes] = [sources, maxHookBytes];
    },
    start() {
      timer ??= setInterval(sweep, sweepMs).unref();
      sweep();
    },
    async stop() {
      clearInterval(timer);
      await sweeping;
    },
  };
}
