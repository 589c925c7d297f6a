import { type LimitChoice, type LimitSettings, limitChoice, limitName } from '../../config/schema.ts';
import { InvalidRequest, NotFound } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import { createBook, type Entry } from '../../platform/book/index.ts';
import type { Bus } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { LimitDeclared, TooManyLimits } from './errors.ts';
import { compileRule, type Rule } from './rule.ts';

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
  let compiled = new Map<OrgId, readonly Rule[] | undefined>();

  const book = createBook<LimitChoice>({
    db,
    bus,
    log,
    table: 'limit_rules',
    topic: 'limits.changed',
    what: 'the limits added at run time',
    // What an older version stored may lack settings that have a default by now.
    read: ({ settings }) => limitChoice.parse(settings),
    changed() {
      compiled = new Map();
    },
    maxPerOrg,
    full: (limit) => TooManyLimits({ limit }),
    pollMs,
  });

  const declaredIn = (org: OrgId) => declared.filter((rule) => rule.org === undefined || rule.org === org);
  const isDeclared = (org: OrgId, name: string) => declaredIn(org).some((rule) => rule.name === name);
  const list = (org: OrgId): Limit[] => {
    const inFile = declaredIn(org).map(({ name, org: _, ...settings }): Limit => ({ name, source: 'file', settings }));
    const added = book
      .all()
      .filter((one) => one.org === org && !isDeclared(org, one.name))
      .map(toLimit);
    return [...inFile, ...added].sort((a, b) => (a.name < b.name ? -1 : 1));
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
      return toLimit(await book.put(org, name, { kept: settings as JsonObject, used: settings }, by));
    },
    async remove(org, name) {
      if (isDeclared(org, name)) throw LimitDeclared({ name });
      if (!(await book.remove(org, name))) throw NotFound({ what: 'limit', id: name.slice(0, 100) });
    },
    start: book.start,
    stop: book.stop,
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

function toLimit({ name, settings, changedBy, changedAt }: Entry<LimitChoice>): Limit {
  return { name, source: 'runtime', settings, changedBy, changedAt };
}
