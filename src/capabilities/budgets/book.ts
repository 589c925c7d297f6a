import { type BudgetChoice, type BudgetSettings, budgetChoice, budgetName } from '../../config/schema.ts';
import { InvalidRequest, NotFound } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import { createBook, type Entry } from '../../platform/book/index.ts';
import type { Bus } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { BudgetDeclared, TooManyBudgets } from './errors.ts';
import { compileRule, type Rule } from './rule.ts';

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
  let compiled = new Map<OrgId, readonly Rule[] | undefined>();

  const book = createBook<BudgetChoice>({
    db,
    bus,
    log,
    table: 'budget_rules',
    topic: 'budgets.changed',
    what: 'the budgets set at run time',
    // What an older version stored may lack settings that have a default by now.
    read: ({ settings }) => budgetChoice.parse(settings),
    changed() {
      compiled = new Map();
    },
    maxPerOrg,
    full: (limit) => TooManyBudgets({ limit }),
    pollMs,
  });

  const declaredIn = (org: OrgId) => declared.filter((rule) => rule.org === undefined || rule.org === org);
  const isDeclared = (org: OrgId, name: string) => declaredIn(org).some((rule) => rule.name === name);
  const list = (org: OrgId): Budget[] => {
    const inFile = declaredIn(org).map(({ name, org: _, ...settings }): Budget => ({ name, source: 'file', settings }));
    const added = book
      .all()
      .filter((one) => one.org === org && !isDeclared(org, one.name))
      .map(toBudget);
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
    isEmpty: () => declared.length + book.all().length === 0,
    declared: () => declared,
    redeclare(next) {
      declared = next;
      compiled = new Map();
    },
    async put(org, name, input, by) {
      const settings = parsed(name, input);
      if (isDeclared(org, name)) throw BudgetDeclared({ name });
      return toBudget(await book.put(org, name, { kept: settings as JsonObject, used: settings }, by));
    },
    async remove(org, name) {
      if (isDeclared(org, name)) throw BudgetDeclared({ name });
      if (!(await book.remove(org, name))) throw NotFound({ what: 'budget', id: name.slice(0, 100) });
    },
    start: book.start,
    stop: book.stop,
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

function toBudget({ name, settings, changedBy, changedAt }: Entry<BudgetChoice>): Budget {
  return { name, source: 'runtime', settings, changedBy, changedAt };
}
