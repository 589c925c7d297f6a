import type { Acts } from '../capabilities/audit/index.ts';
import { type Catalog, type DefinitionsSeen, labelOf } from '../capabilities/catalog/index.ts';
import type { Happenings } from '../kernel/events.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { OrgId, Principal } from '../kernel/principal.ts';
import type { Db } from '../platform/db/index.ts';
import type { Log, Metrics } from '../platform/telemetry/index.ts';

interface Deps {
  db: Db;
  events: Happenings;
  catalog: Pick<Catalog, 'onDefinitions' | 'quarantined' | 'reviews'>;
  acts: Acts;
  metrics: Metrics;
  log: Log;
}

const shownNames = 50;

/** Everything that happens to definitions of tools is counted, and what nobody decided is kept in the audit as well. */
export function createDefinitionWatch({ db, events, catalog, acts, metrics, log }: Deps): {
  start(): void;
  stop(): Promise<void>;
} {
  const count = {
    accepted: metrics.counter(
      'fairlead_definitions_accepted_total',
      'Definitions accepted, on first use or in a review',
    ),
    changed: metrics.counter(
      'fairlead_definitions_changed_total',
      'Definitions that changed and are served as accepted',
    ),
    quarantined: metrics.counter('fairlead_definitions_quarantined_total', 'Definitions that were quarantined'),
    rejected: metrics.counter('fairlead_definitions_rejected_total', 'Definitions that were rejected in a review'),
  };
  metrics.gauge('fairlead_definitions_waiting', 'Definitions in quarantine now', catalog.quarantined);
  const keeping = new Set<Promise<unknown>>();
  let end: (() => void) | undefined;

  const see = (seen: DefinitionsSeen) => {
    const { toolset, accepted, changed, quarantined, rejected, by } = seen;
    count.accepted(accepted.length);
    count.changed(changed.length);
    count.quarantined(quarantined.length);
    count.rejected(rejected.length);
    if (by !== undefined) return; // whoever decided has left a record of it
    const kept = keep(seen)
      .catch((error: unknown) => log.error({ err: error, toolset }, 'a change of definitions could not be recorded'))
      .finally(() => keeping.delete(kept));
    keeping.add(kept);
  };

  const keep = async (seen: DefinitionsSeen) => {
    const { org, toolset, accepted, changed, quarantined, renamed } = seen;
    await undefined; // what was seen is in the catalog when this turn is over
    const suspicious = await suspiciousOf(catalog, seen);
    const detail: JsonObject = {
      ...namesOf('accepted', accepted),
      ...namesOf('suspicious', suspicious),
      ...namesOf('changed', changed),
      ...namesOf(
        'quarantined',
        quarantined.map(({ name, reason }) => `${name}: ${reason}`),
      ),
      ...namesOf(
        'renamed',
        renamed.map(({ from, to }) => `${from} to ${to}`),
      ),
    };
    const isNews = suspicious.length + changed.length + quarantined.length > 0;
    if (isNews) log.warn({ org, toolset, ...detail }, 'definitions to look at: fairlead tools review');
    const notes = { action: 'definitions.seen', principal: system(org), org, subject: toolset, detail };
    await acts.perform(notes, async () => undefined);
    const data = { ...detail, toolset };
    const told = { org, subject: toolset, data };
    if (changed.length > 0) await events.publish(db, { ...told, type: 'catalog.definitions_changed' });
    if (quarantined.length > 0) await events.publish(db, { ...told, type: 'catalog.definitions_quarantined' });
  };

  return {
    start() {
      end ??= catalog.onDefinitions(see);
    },
    async stop() {
      end?.();
      end = undefined;
      await Promise.all(keeping);
    },
  };
}

/** What nobody looked at before it was served, and somebody should. */
async function suspiciousOf({ reviews }: Pick<Catalog, 'reviews'>, seen: DefinitionsSeen): Promise<string[]> {
  const { org, toolset, accepted } = seen;
  if (accepted.length === 0) return [];
  const labels = new Set(accepted);
  const served = reviews.list(org).filter((one) => one.toolset === toolset && labels.has(labelOf(one)));
  // As if nothing had been accepted yet: what is in it from the beginning counts as well.
  const fresh = served.map(({ accepted: _, ...one }) => one);
  const findings = await reviews.examine(org, fresh);
  return fresh.flatMap((one, at) => {
    const codes = (findings[at] ?? []).filter(({ severity }) => severity === 'danger').map(({ code }) => code);
    return codes.length > 0 ? [`${labelOf(one)}: ${[...new Set(codes)].join(', ')}`] : [];
  });
}

/** With how many there are, where not all of them are named. */
function namesOf(what: string, names: readonly string[]): JsonObject {
  if (names.length === 0) return {};
  const shown = names.slice(0, shownNames);
  return { [what]: shown, ...(names.length > shownNames ? { [`${what}Count`]: names.length } : {}) };
}

/** Who acts where nobody asked for it. */
function system(org: OrgId): Principal {
  return {
    id: 'system',
    kind: 'system',
    org,
    name: 'Fairlead',
    roles: [],
    scopes: [],
    credential: { kind: 'internal', id: 'system' },
  };
}
