import { diffSettings, isBuiltIn } from '../config/index.ts';
import type { Settings } from '../config/schema.ts';
import { asFairleadError } from '../kernel/errors.ts';
import type { Log } from '../platform/telemetry/index.ts';
import type { House } from './compose.ts';

/** What a reload did, by the names of settings; those of upstreams and endpoints one by one (`upstreams.files`). */
export interface Reloaded {
  /** In force from now on. */
  applied: string[];
  /** Differ from what runs, and wait for a restart. */
  restart: string[];
  /** Could not be taken; what was in force before stays. Each with its reason. */
  failed: string[];
}

interface Deps {
  /** What runs now. */
  settings: Settings;
  house: House;
  log: Log;
  /** Reads the certificate files again. */
  renewTls(settings: Settings): void;
}

type Key = keyof Settings;

/**
 * Takes changed settings into a house that runs, without touching a call: what a call began with, it ends with.
 * What cannot be taken stays as it was, and is named again by the next reload.
 */
export function createReload({ settings, house, log, renewTls }: Deps): (next: Settings) => Promise<Reloaded> {
  const inForce: Settings = { ...settings };
  const { policy, egress, endpoints, knowledge, upstreams } = house;

  // Settings that belong together, and what puts them in force; in this order, so that who may call what is right
  // before there is more to call.
  const parts: { keys: readonly Key[]; apply(next: Settings): unknown }[] = [
    {
      keys: ['logLevel'],
      apply(next) {
        log.level = next.logLevel;
      },
    },
    {
      keys: ['policies', 'projections', 'environment'],
      async apply({ policies, projections, environment }) {
        const faults = await policy.reload({
          folder: policies.folder,
          shipped: policies.shipped,
          projections,
          environment,
        });
        if (faults.length > 0) throw new Error(faults.join('; '));
      },
    },
    {
      keys: ['auth', 'development'],
      apply(next) {
        house.setAuth(next);
        // Too much hangs on it: pages, metadata, members in memory.
        if (isBuiltIn(next) !== isBuiltIn(settings))
          log.warn('whether people sign in at this server itself changes with its next start');
      },
    },
    { keys: ['egress'], apply: (next) => egress.setAllow(next.egress.allow) },
    { keys: ['registry'], apply: () => undefined }, // the command line alone reads it
    { keys: ['endpoints', 'mcp'], apply: (next) => endpoints.redeclare(next.endpoints, next.mcp) },
    { keys: ['approvals'], apply: (next) => house.setApprovals(next.approvals) },
    { keys: ['events'], apply: ({ events }) => house.events.redeclare(events) },
    { keys: ['caching'], apply: (next) => house.caching.redeclare(next.caching) },
    { keys: ['budgets'], apply: (next) => house.budgets.redeclare(next.budgets) },
    { keys: ['usage'], apply: (next) => house.usage.redeclare(next.usage) },
    { keys: ['limits'], apply: (next) => house.limits.redeclare(next.limits) },
    {
      keys: ['baseDir', 'knowledge'],
      async apply({ baseDir, knowledge: next }) {
        house.setBaseDir(baseDir); // another file may be in force: one where none was
        knowledge.tune(next);
        await knowledge.encrypt(next.encryption);
        await knowledge.redeclare(next.collections);
      },
    },
    {
      keys: ['models'],
      apply({ models }) {
        if (!house.modelKeys.replace(models)) throw new NeedsRestart();
      },
    },
    { keys: ['secrets'], apply: ({ secrets }) => house.setRuntimeSecrets(secrets.vault?.runtime ?? {}) },
    { keys: ['upstreams'], apply: (next) => upstreams.redeclare(next.upstreams) },
  ];
  const live = parts.flatMap(({ keys }) => keys);

  return async (next) => {
    const { live: changed, restart } = diffSettings(inForce, next, live);
    const touched = new Set(changed.map((name) => name.split('.')[0]));
    const applied: string[] = [];
    const failed: string[] = [];
    for (const { keys, apply } of parts) {
      if (!keys.some((key) => touched.has(key))) continue;
      const names = changed.filter((name) => keys.some((key) => key === name.split('.')[0]));
      try {
        await apply(next);
        Object.assign(inForce, Object.fromEntries(keys.map((key) => [key, next[key]])));
        applied.push(...names);
      } catch (error) {
        if (error instanceof NeedsRestart) {
          restart.push(...names);
          continue;
        }
        log.error({ err: error }, 'changed settings could not be taken');
        failed.push(`${names.join(', ')} (${reasonOf(error)})`);
      }
    }
    // The policy folder and the certificates may have changed although their names have not.
    if (!touched.has('policies') && inForce.policies.folder !== undefined) {
      const faults = await policy.reload();
      if (faults.length > 0) failed.push(`policies.folder (${faults.join('; ')})`);
    }
    if (inForce.tls) {
      try {
        renewTls(inForce);
      } catch (error) {
        failed.push(`tls (${reasonOf(error)})`);
      }
    }
    for (const { text } of house.orgsNotThere()) log.warn(text);
    return { applied, restart, failed };
  };
}

/** Thrown where only some changes of a setting can be taken, and this is another. */
class NeedsRestart extends Error {}

function reasonOf(error: unknown): string {
  const known = asFairleadError(error);
  return known.code === 'INTERNAL' && error instanceof Error ? error.message : known.message;
}
