import { isObject, type JsonObject } from '../kernel/json.ts';
import { type CliContext, type CommandInput, type OptionSpec, textOf } from './command.ts';
import { wrongUsage } from './errors.ts';
import { readSettings } from './json-file.ts';
import { countOf, textsOf } from './reading.ts';
import { selectionOf, selectionOptions } from './selection-input.ts';

const exampleSettings = 'Such as {"by": ["team"], "money": {"amount": 200, "currency": "EUR"}, "per": "month"}';

/** What says which calls a budget pays for, and how much it has. */
export const budgetOptions: readonly OptionSpec[] = [
  ...selectionOptions,
  {
    flags: '--by <dimension...>',
    help: 'an account for each principal, person, team, tool or toolset; one for all without it',
  },
  { flags: '--calls <number>', help: 'so many calls in a period' },
  { flags: '--units <number>', help: "so many units in a period, as tools' settings have them" },
  { flags: '--tokens <number>', help: 'so many tokens of models in a period' },
  { flags: '--money <amount>', help: 'so much money in a period, such as 200EUR' },
  { flags: '--per <period>', help: 'day, week, month, 14d@2026-01-05 or 6h@2026-01-05T00:00:00Z; month when absent' },
  { flags: '--timezone <zone>', help: 'whose midnight it is, such as Europe/Berlin; UTC when absent' },
  { flags: '--warn-at <percent...>', help: 'shares that are told of; 80 when absent' },
  { flags: '--reserve <number>', help: 'held for a call that says only afterwards what it has cost' },
  { flags: '--settings-file <file>', help: 'settings as JSON, as under budgets in fairlead.yaml; - is stdin' },
];

/** A budget's settings from the command line: those of the file, then the flags over them. The server checks them. */
export async function budgetSettings(context: CliContext, options: CommandInput['options']): Promise<JsonObject> {
  const file = textOf(options.settingsFile);
  const settings = file === undefined ? {} : await readSettings(file, exampleSettings, context);
  Object.assign(settings, selectionOf(options));
  const by = textsOf(options.by);
  if (by.length > 0) settings.by = by;
  for (const measure of ['calls', 'units', 'tokens'] as const) {
    const amount = textOf(options[measure]);
    if (amount !== undefined) settings[measure] = numberOf(amount, `--${measure}`);
  }
  const money = textOf(options.money);
  if (money !== undefined) settings.money = moneyOf(money);
  const per = textOf(options.per);
  if (per !== undefined) settings.per = perOf(per);
  const timezone = textOf(options.timezone);
  if (timezone !== undefined) settings.timezone = timezone;
  const warnAt = textsOf(options.warnAt);
  if (warnAt.length > 0) settings.warnAt = warnAt.map((percent) => countOf(percent, '--warn-at'));
  const reserve = textOf(options.reserve);
  if (reserve !== undefined) settings.reserve = numberOf(reserve, '--reserve');
  return settings;
}

function numberOf(text: string, option: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw wrongUsage(`${option} must be a number.`);
  return Number(text);
}

function moneyOf(text: string): JsonObject {
  const [, amount, currency] = /^(\d+(?:\.\d+)?) ?([A-Z]{3})$/.exec(text) ?? [];
  if (amount === undefined || currency === undefined)
    throw wrongUsage(`--money ${text} is no amount of money.`, 'Such as --money 200EUR, or --money "12.50 USD".');
  return { amount: Number(amount), currency };
}

function perOf(text: string): string | JsonObject {
  const [, length, unit, from] = /^(\d+)([dh])@(.+)$/.exec(text) ?? [];
  if (length === undefined || from === undefined) return text;
  return unit === 'd' ? { days: Number(length), from } : { hours: Number(length), from };
}

/** What a budget has, on one line: `200 EUR a month (Europe/Berlin)`. */
export function budgetOf(settings: JsonObject): string {
  const { calls, units, tokens, money, per, timezone } = settings as {
    calls?: number;
    units?: number;
    tokens?: number;
    money?: { amount: number; currency: string };
    per?: string | { days?: number; hours?: number };
    timezone?: string;
  };
  const amount =
    (money && `${money.amount} ${money.currency}`) ??
    (units !== undefined ? `${units} units` : tokens !== undefined ? `${tokens} tokens` : `${calls} calls`);
  const period = isObject(per) ? `each ${per.days === undefined ? `${per.hours} h` : `${per.days} d`}` : `a ${per}`;
  return `${amount} ${period}${timezone === undefined || timezone === 'UTC' ? '' : ` (${timezone})`}`;
}

/** How an account stands, on one line: `45 of 50 (90%), 3 held`; nothing where nothing was spent. */
export function spentOf(account: unknown): string {
  if (!isObject(account)) return '-';
  const [spent, held, remaining] = [account.spent, account.held, account.remaining].map(Number) as [
    number,
    number,
    number,
  ];
  const whole = spent + held + remaining;
  const share = whole > 0 ? ` (${Math.floor((spent / whole) * 100)}%)` : '';
  return `${amountText(spent)}${share}${held > 0 ? `, ${amountText(held)} held` : ''}`;
}

/** With no more places than it needs. */
export function amountText(amount: unknown): string {
  return String(Math.round(Number(amount) * 1_000_000) / 1_000_000);
}
