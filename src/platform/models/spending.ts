import { AsyncLocalStorage } from 'node:async_hooks';
import type { ChatSettings } from '../../config/schema.ts';
import type { Expense } from '../../kernel/cost.ts';
import type { JsonObject } from '../../kernel/json.ts';

/** Whoever pays for what models are asked within it. */
const payer = new AsyncLocalStorage<(expense: Expense) => void>();

/**
 * Runs something and tells `spent`, each time that a model has answered meanwhile, what it took. What was remembered costs nothing,
 * and what several wait for is told to whoever asked first.
 */
export function payingFor<T>(spent: (expense: Expense) => void, run: () => Promise<T>): Promise<T> {
  return payer.run(spent, run);
}

/** Says to whoever pays, if anybody does, what a model took; `amount` where its price is known. */
export function noteSpent(tokens: number, amount: number | undefined): void {
  if (tokens > 0) payer.getStore()?.({ tokens, ...(amount === undefined ? {} : { amount }) });
}

/** Whether a model told a number of tokens that can be one. */
export function isCount(tokens: number | undefined): tokens is number {
  return Number.isSafeInteger(tokens) && Number(tokens) >= 0 && Number(tokens) <= 1_000_000_000;
}

/** What tokens cost; undefined without a price. */
export function costOfTokens(tokens: number, costPerMillionTokens: number | undefined): number | undefined {
  return costPerMillionTokens === undefined ? undefined : (tokens * costPerMillionTokens) / 1_000_000;
}

/** What a chat model costs that read and wrote so many; undefined without a price. */
export function costOfChat(
  { costPerMillionTokens: price, costPerMillionOutputTokens: outputPrice = price }: ChatSettings,
  { input, output }: { input: number; output: number },
): number | undefined {
  if (price === undefined && outputPrice === undefined) return undefined;
  return (input * (price ?? 0) + output * (outputPrice ?? 0)) / 1_000_000;
}

/** Of what is put before the passages, and of the marks between them. */
const aroundTokens = 1_500;
const usualPassageTokens = 3_000;
/** Passages are counted by the tokens of no model in particular. */
const allowance = 1.5;

/** What an answer from documents may take at most, by estimate: passages, question, and the longest answer. */
export function expectedOfAnswer(
  settings: ChatSettings,
  { max_tokens: passages, question }: JsonObject,
  currency?: string,
): Expense {
  const length = typeof question === 'string' ? question.length : 0;
  const read = typeof passages === 'number' ? passages : usualPassageTokens;
  const input = Math.ceil((read + length) * allowance) + aroundTokens;
  const amount = costOfChat(settings, { input, output: settings.maxOutputTokens });
  return {
    tokens: input + settings.maxOutputTokens,
    ...(amount === undefined ? {} : { amount, ...(currency === undefined ? {} : { currency }) }),
  };
}
