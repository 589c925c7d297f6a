import { type LimitChoice, type LimitSettings, limitChoice, limitName } from '../../config/schema.ts';
import { InvalidRequest, NotFound } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import type { OrgId } from '../../kernel/principal.ts';
import { type Bus, createFollower } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { LimitDeclared, TooManyLimits } from './errors.ts';
import { compileRule, type Rule } from './rule.ts';
import { deleteRule, listAllRules, putRule, type RuleRow } from './store.ts';

/** A rule as those who administer see it. */
export interface Limit {
  name: string;
  source: 'file' | 'runtime';
  settings: LimitChoice;
  /** Id of the principal, and milliseconds since the epoch; only of those added at run time. */
  changedBy?: string;
  changedAt?: number;
}

/** The rules: those of the file, and those added while the server runs, which every replica follows. */
export interface LimitBook {
  /** In force for an organisation, from memory; undefined where there is none. */
  rulesOf(org: OrgId): readonly Rule[] | undefined;
  list(org: OrgId): Limit[];
  declared(): readonly LimitSettings[];
  /** Takes the declarations of a reloaded file; they win over what was added under the same name. */
  redeclare(declared: readonly LimitSettings[]): void;
  /** Adds or replaces. @throws InvalidRequest, LimitDeclared, TooManyLimits */
  put(org: OrgId, name: string, settings: unknown, by: string): Promise<Limit>;
  /** @throws NotFound, LimitDeclared */
  remove(org: OrgId, name: string): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Deps {
  db: Db;
  bus: Bus;
  log: Log;
  declared: readonly LimitSettings[];
  pollMs?: number;
}

const maxPerOrg = 100;

export function createLimitBook({ db, bus, log, pollMs = 2_000, ...initially }: Deps): LimitBook {
  let { declared } = initially;
  let rows: readonly RuleRow[] = [];
  let compiled = new Map<OrgId, readonly Rule[] | undefined>();

  const follower = createFollower<void>({
    bus,
    topic: 'limits.changed',
    log,
    what: 'the limits added at run time',
    timing: { pollMs },
    async load() {
      const stored = await listAllRules(db);
      const isSame =
        stored.length === rows.length && stored.every(({ revision }, at) => rows[at]?.revision === revision);
      if (isSame) return;
      // What an older version stored may lack settings that have a default by now.
      rows = stored.map((row) => ({ ...row, settings: limitChoice.parse(row.settings) }));
      compiled = new Map();
    },
  });

  const declaredIn = (org: OrgId) => declared.filter((rule) => rule.org === undefined || rule.org === org);
  const isDeclared = (org: OrgId, name: string) => declaredIn(org).some((rule) => rule.name === name);
  const list = (org: OrgId): Limit[] => {
    const inFile = declaredIn(org).map(({ name, org: _, ...settings }): Limit => ({ name, source: 'file', settings }));
    const added = rows.filter((row) => row.org === org && !isDeclared(org, row.name)).map(toLimit);
    return [...inFile, ...added].sort((a, b) => (a.name < b.name ? -1 : 1));
  };
  const refresh = async () => {
    follower.tell();
    await follower.refresh();
  };

  return {
    rulesOf(org) {
      if (compiled.has(org)) return compiled.get(org);
      const rules = list(org).map(({ name, source, settings }) => compileRule(name, settings, source === 'file'));
      const found = rules.length > 0 ? rules : undefined;
      compiled.set(org, found);
      return found;
    },
    list,
    declared: () => declared,
    redeclare(next) {
      declared = next;
      compiled = new Map();
    },
    async put(org, name, input, by) {
      const settings = parsed(name, input);
      if (isDeclared(org, name)) throw LimitDeclared({ name });
      const row = { org, name, settings, revision: newId('rev'), changedBy: by };
      if (!(await putRule(db, row, maxPerOrg))) throw TooManyLimits({ limit: maxPerOrg });
      await refresh();
      return toLimit(rows.find((each) => each.revision === row.revision) ?? { ...row, changedAt: Date.now() });
    },
    async remove(org, name) {
      if (isDeclared(org, name)) throw LimitDeclared({ name });
      if (!(await deleteRule(db, org, name))) throw NotFound({ what: 'limit', id: name.slice(0, 100) });
      await refresh();
    },
    start: follower.start,
    stop: follower.stop,
  };
}

function parsed(name: string, input: unknown): LimitChoice {
  const named = limitName.safeParse(name);
  const settings = limitChoice.safeParse(input);
  const faults = [
    ...(named.error?.issues ?? []).map(({ message }) => `name: ${message}`),
    ...(settings.error?.issues ?? []).map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`),
  ];
  if (faults.length > 0 || !settings.success) throw InvalidRequest({ faults });
  return settings.data;
}

function toLimit({ name, settings, changedBy, changedAt }: RuleRow): Limit {
  return { name, source: 'runtime', settings, changedBy, changedAt };
}
