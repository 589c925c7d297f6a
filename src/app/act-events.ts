import type { ActRecord, Audit } from '../capabilities/audit/index.ts';
import { eventType, type Happenings } from '../kernel/events.ts';
import type { Db } from '../platform/db/index.ts';
import type { Log } from '../platform/telemetry/index.ts';

interface Deps {
  db: Db;
  events: Happenings;
  log: Log;
}

/**
 * Administrative acts that were done, as events `act.<action>`: a key that was revoked, a sealed credential that was used.
 * The audit is the durable account of them; the event follows it, and says who and what, not how.
 */
export function createActTeller({ db, events, log }: Deps): <A extends Pick<Audit, 'record'>>(audit: A) => A {
  const tell = ({ id, action, org, subject, principal }: ActRecord) => {
    const type = `act.${action}`;
    if (!eventType.test(type)) return log.warn({ action }, 'an act has a name that no event can have');
    const data = { act: id, by: principal.id, name: principal.name };
    events.publish(db, { type, org, subject, data }).catch((error: unknown) => {
      log.warn({ err: error, type }, 'an act is on record, and could not be told as an event');
    });
  };
  return (audit) => ({
    ...audit,
    record(place, record) {
      const kept = audit.record(place, record);
      return record.kind === 'act' && record.outcome === 'ok' ? kept.then(() => tell(record)) : kept;
    },
  });
}
