import type { Audit } from '../capabilities/audit/index.ts';
import { type Budgets, createBudgets, createUsage, type Expectation } from '../capabilities/budgets/index.ts';
import type { Settings } from '../config/schema.ts';
import type { Call, OwnToolset } from '../kernel/call.ts';
import type { Clock } from '../kernel/clock.ts';
import { addedTo, type Expense } from '../kernel/cost.ts';
import type { Happenings } from '../kernel/events.ts';
import { knowledgeToolset } from '../kernel/names.ts';
import type { Tool } from '../kernel/tool.ts';
import type { Bus } from '../platform/bus/index.ts';
import type { Database } from '../platform/db/index.ts';
import { expectedOfAnswer, payingFor } from '../platform/models/index.ts';
import type { Log, Metrics } from '../platform/telemetry/index.ts';

interface Deps {
  settings: Settings;
  database: Database;
  bus: Bus;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  replicaId: string;
  happenings: Happenings;
  audit: Pick<Audit, 'flush' | 'spendingAfter' | 'costsOf' | 'ends'>;
  /** Whether the results of an upstream say what calls of it have cost. */
  tellsCosts(tool: Tool): boolean;
}

/** What calls may cost, and have cost. */
export function composeBudgets(deps: Deps) {
  const { settings, database, bus, clock, log, metrics, replicaId, happenings, audit, tellsCosts } = deps;
  const { chat, currency, embedding, embeddings, reranker } = settings.models;
  /** Whether looking for documents asks a model. */
  const asksModels = embedding !== undefined || reranker !== undefined || Object.keys(embeddings).length > 0;

  const expect = (call: Call & { tool: Tool }): Expectation => {
    const { tool } = call;
    const expense = tool.guidance?.cost;
    if (tool.toolset !== knowledgeToolset) return { expense, isOpen: tellsCosts(tool) };
    if (tool.name === 'answer' && chat !== undefined && chat !== 'sampling')
      return { expense: expectedOfAnswer(chat, call.arguments, currency), isOpen: true };
    return { isOpen: asksModels };
  };

  const refused = metrics.watchBudgets();
  const budgets: Budgets = createBudgets({
    ...{ database, bus, clock, log, happenings, expect, refused },
    id: replicaId,
    declared: settings.budgets,
    recordedCosts: audit.costsOf,
  });
  const usage = createUsage({
    ...{ db: database.db, clock, log },
    source: { flush: () => audit.flush(), spendingAfter: audit.spendingAfter, ends: audit.ends },
    settings: settings.usage,
  });
  return { budgets, usage };
}

/** The same toolset, whose calls pay for what models are asked while they run; `currency` is that of the models' prices. */
export function paying(toolset: OwnToolset, currency: string | undefined): OwnToolset {
  return {
    ...toolset,
    provider: {
      dispatch(call, signal) {
        const spent = (expense: Expense) => {
          const isPriced = expense.amount !== undefined && currency !== undefined;
          call.spent = addedTo(call.spent, isPriced ? { ...expense, currency } : expense);
        };
        return payingFor(spent, () => toolset.provider.dispatch(call, signal));
      },
    },
  };
}
