import type { JsonObject } from '../kernel/json.ts';
import { type CliContext, type CommandInput, type OptionSpec, textOf } from './command.ts';
import { wrongUsage } from './errors.ts';
import { readSettings } from './json-file.ts';
import { countOf, textsOf } from './reading.ts';
import { selectionOf, selectionOptions } from './selection-input.ts';

const exampleSettings = 'Such as {"by": ["principal"], "rate": {"limit": 60, "per": "minute"}}';

/** What says which calls a rule counts, and how. */
export const limitOptions: readonly OptionSpec[] = [
  ...selectionOptions,
  {
    flags: '--by <dimension...>',
    help: 'counted apart for each principal, tool, toolset, endpoint or address; together without it',
  },
  { flags: '--rate <amount>', help: 'such as 60/minute: so many come in again each period' },
  { flags: '--burst <calls>', help: 'with --rate: at once after a rest' },
  { flags: '--window <amount>', help: 'such as 5000/day: so many in any period of that length' },
  { flags: '--concurrency <calls>', help: 'under way at once' },
  { flags: '--settings-file <file>', help: 'settings as JSON, as under limits in fairlead.yaml; - is stdin' },
];

/** A rule's settings from the command line: those of the file, then the flags over them. The server checks them. */
export async function limitSettings(context: CliContext, options: CommandInput['options']): Promise<JsonObject> {
  const file = textOf(options.settingsFile);
  const settings = file === undefined ? {} : await readSettings(file, exampleSettings, context);
  Object.assign(settings, selectionOf(options));
  const by = textsOf(options.by);
  if (by.length > 0) settings.by = by;
  const burst = textOf(options.burst);
  const rate = textOf(options.rate);
  if (rate !== undefined) {
    settings.rate = {
      ...amountOf(rate, '--rate'),
      ...(burst === undefined ? {} : { burst: countOf(burst, '--burst') }),
    };
  } else if (burst !== undefined) throw wrongUsage('--burst says more of --rate.', 'Give both.');
  const window = textOf(options.window);
  if (window !== undefined) settings.window = amountOf(window, '--window');
  const concurrency = textOf(options.concurrency);
  if (concurrency !== undefined) settings.concurrency = countOf(concurrency, '--concurrency');
  return settings;
}

function amountOf(text: string, option: string): JsonObject {
  const [, limit, per] = /^(\d+)\/(second|minute|hour|day|week)$/.exec(text) ?? [];
  if (limit === undefined || per === undefined) {
    throw wrongUsage(`${option} ${text} says nothing.`, `Such as ${option} 60/minute; or second, hour, day, week.`);
  }
  return { limit: Number(limit), per };
}

/** A rule's amounts on one line. */
export function amountsOf(settings: JsonObject): string {
  const { rate, window, concurrency } = settings as {
    rate?: { limit: number; per: string; burst?: number };
    window?: { limit: number; per: string };
    concurrency?: number;
  };
  return [
    rate && `${rate.limit}/${rate.per}${rate.burst === undefined ? '' : ` (burst ${rate.burst})`}`,
    window && `${window.limit} in any ${window.per}`,
    concurrency && `${concurrency} at once`,
  ]
    .filter(Boolean)
    .join(', ');
}
