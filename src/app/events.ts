import { createEvents, createHooks, createMail, createSlack, createWebhook } from '../capabilities/events/index.ts';
import type { EventsSettings } from '../config/schema.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Told } from '../kernel/events.ts';
import type { OrgId } from '../kernel/principal.ts';
import type { Bus } from '../platform/bus/index.ts';
import type { Database } from '../platform/db/index.ts';
import type { Egress } from '../platform/http/index.ts';
import type { Keyring } from '../platform/keyring/index.ts';
import type { Secrets } from '../platform/secrets/index.ts';
import type { Log, Metrics } from '../platform/telemetry/index.ts';

interface Deps {
  database: Database;
  bus: Bus;
  keyring: Keyring;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  egress: Egress;
  secrets: Pick<Secrets, 'keep'>;
  resolve(text: string, org: OrgId): Promise<string>;
  /** Where members are reached whom an event concerns. */
  addressesOf(org: OrgId, to: readonly string[]): Promise<readonly string[]>;
  /** Whether a call waits for consent. */
  waits(org: OrgId, approval: string): Promise<boolean>;
  settings: EventsSettings;
  version: string;
}

/** What happens, and the ways by which it is delivered. */
export function composeEvents(deps: Deps) {
  const { database, metrics, egress, clock, log, secrets, settings, version } = deps;
  const count = {
    delivered: metrics.counter('fairlead_event_deliveries_total', 'Events that reached a destination'),
    failed: metrics.counter('fairlead_event_tries_failed_total', 'Tries to deliver an event that are to be made again'),
    dead: metrics.counter('fairlead_event_dead_letters_total', 'Events that were given up for a destination'),
  };
  const stillStands = async ({ org, type, subject, data }: Told) => {
    const asks = type.startsWith('approval.') && (data.state === 'pending' || data.state === 'deferred');
    return !asks || subject === undefined || (await deps.waits(org, subject));
  };
  const events = createEvents({
    ...deps,
    db: database.db,
    isAlone: database.kind === 'embedded',
    declared: settings.destinations,
    keepDays: settings.keepDays,
    keep: (standing) => secrets.keep('events', standing),
    assertAllowed: egress.assertAllowed,
    transports: {
      webhook: createWebhook({ egress, clock, version }),
      slack: createSlack({ egress, clock, stillStands }),
      email: createMail({ log, addressesOf: deps.addressesOf, stillStands }),
    },
    ended: (how) => count[how](),
  });
  metrics.gauge(
    'fairlead_event_deliveries_waiting',
    'Deliveries of events that wait for their next try, as of the last minute',
    () => events.deliveries.count().waiting,
  );
  metrics.gauge(
    'fairlead_event_dead_letters',
    'Dead letters that are kept, as of the last minute',
    () => events.deliveries.count().dead,
  );
  const received = {
    accepted: metrics.counter('fairlead_hooks_accepted_total', 'Deliveries of outside senders that became events'),
    repeated: metrics.counter('fairlead_hooks_repeated_total', 'Deliveries of outside senders that had come before'),
    refused: metrics.counter('fairlead_hooks_refused_total', 'Requests to /hooks that nobody known had signed, now'),
  };
  const hooks = createHooks({
    ...deps,
    db: database.db,
    events,
    declared: settings.sources,
    maxBytes: settings.maxHookBytes,
    ended: (how) => received[how](),
  });
  return {
    ...events,
    hooks,
    declared: () => ({ destinations: events.destinations.declared(), sources: hooks.declared() }),
    redeclare(next: EventsSettings) {
      events.redeclare(next);
      hooks.redeclare(next);
    },
    async start() {
      await events.start();
      hooks.start();
    },
    async stop() {
      await hooks.stop();
      await events.stop();
    },
  };
}
