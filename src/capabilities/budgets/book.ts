import { type BudgetChoice, type BudgetSettings, budgetChoice, budgetName } from '../../config/schema.ts';
import { InvalidRequest, NotFound } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import type { OrgId } from '../../kernel/principal.ts';
import { type Bus, createFollower } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { BudgetDeclared, TooManyBudgets } from './errors.ts';
import { compileRule, type Rule } from './rule.ts';
import { deleteRule, listAllRules, putRule, type RuleRow } from './store.ts';

/** A budget as those who administer see it. */
export interface Budget {
  name: string;
  source: 'file' | 'runtime';
  settings: BudgetChoice;
  /** Id of the principal, and milliseconds since the epoch; only of those set at run time. */
  changedBy?: string;
  changedAt?: number;
}

/** The budgets: those of the file, and those set while the server runs, which every replica follows. */
export interface BudgetBook {
  /** In force for an organisation, from memory; undefined where there is none. */
  rulesOf(org: OrgId): readonly Rule[] | undefined;
  list(org: OrgId): Budget[];
  /** Whether no organisation has any. */
  isEmpty(): boolean;
  declared(): readonly BudgetSettings[];
  /** Takes the declarations of a reloaded file; they win over what was set under the same name. */
  redeclare(declared: readonly BudgetSettings[]): void;
  /** Adds or replaces. @throws InvalidRequest, BudgetDeclared, TooManyBudgets */
  put(org: OrgId, name: string, settings: unknown, by: string): Promise<Budget>;
  /** @throws NotFound, BudgetDeclared */
  remove(org: OrgId, name: string): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Deps {
  db: Db;
  bus: Bus;
  log: Log;
  declared: readonly BudgetSettings[];
  pollMs?: number;
}

const maxPerOrg = 100;

export function createBudgetBook({ db, bus, log, pollMs = 2_000, ...initially }: Deps): BudgetBook {
  let { declared } = initially;
  let rows: readonly RuleRow[] = [];
  let compiled = new Map<OrgId, readonly Rule[] | undefined>();

  const follower = createFollower<void>({
    bus,
    topic: 'budgets.changed',
    log,
    what: 'the budgets set at run time',
    timing: { pollMs },
    async load() {
      const stored = await listAllRules(db);
      const isSame =
        stored.length === rows.length && stored.every(({ revision }, at) => rows[at]?.revision === revision);
      if (isSame) return;
      // What an older version stored may lack settings that have a default by now.
      rows = stored.map((row) => ({ ...row, settings: budgetChoice.parse(row.settings) }));
      compiled = new Map();
    },
  });

  const declaredIn = (org: OrgId) => declared.filter((rule) => rule.org === undefined || rule.org === org);
  const isDeclared = (org: OrgId, name: string) => declaredIn(org).some((rule) => rule.name === name);
  const list = (org: OrgId): Budget[] => {
    const inFile = declaredIn(org).map(({ name, org: _, ...settings }): Budget => ({ name, source: 'file', settings }));
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
    isEmpty: () => declared.length + rows.length === 0,
    declared: () => declared,
    redeclare(next) {
      declared = next;
      compiled = new Map();
    },
    async put(org, name, input, by) {
      const settings = parsed(name, input);
      if (isDeclared(org, name)) throw BudgetDeclared({ name });
      const row = { org, name, settings, revision: newId('rev'), changedBy: by };
      if (!(await putRule(db, row, maxPerOrg))) throw TooManyBudgets({ limit: maxPerOrg });
      await refresh();
      return toLimit(rows.find((each) => each.revision === row.revision) ?? { ...row, changedAt: Date.now() });
    },
    async remove(org, name) {
      if (isDeclared(org, name)) throw BudgetDeclared({ name });
      if (!(await deleteRule(db, org, name))) throw NotFound({ what: 'budget', id: name.slice(0, 100) });
      await refresh();
    },
    start: follower.start,
    stop: follower.stop,
  };
}

function parsed(name: string, input: unknown): BudgetChoice {
  const named = budgetName.safeParse(name);
  const settings = budgetChoice.safeParse(input);
  const faults = [
    ...(named.error?.issues ?? []).map(({ message }) => `name: ${message}`),
    ...(settings.error?.issues ?? []).map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`),
  ];
  if (faults.length > 0 || !settings.success) throw InvalidRequest({ faults });
  return settings.data;
}

function toLimit({ name, settings, changedBy, changedAt }: RuleRow): Budget {
  return { name, source: 'runtime', settings, changedBy, changedAt };
}
