import type { JsonObject } from '../kernel/json.ts';
import { type CliContext, type CommandInput, type OptionSpec, textOf } from './command.ts';
import { wrongUsage } from './errors.ts';
import { readSettings } from './json-file.ts';
import { countOf, textsOf } from './reading.ts';

const exampleSettings = 'Such as {"by": ["principal"], "rate": {"limit": 60, "per": "minute"}}';

/** What says which calls a rule counts, and how. */
export const limitOptions: readonly OptionSpec[] = [
  { flags: '--principal <id...>', help: 'only calls of these: key:…, user:…, service:… as the audit shows them' },
  { flags: '--kind <kind...>', help: 'only calls of these: user, service, agent, anonymous' },
  { flags: '--role <role...>', help: 'only calls of who has one of these' },
  { flags: '--team <team...>', help: 'only calls of who is in one of these' },
  { flags: '--tool <tool...>', help: 'only of these tools; * at the end stands for any rest' },
  { flags: '--toolset <toolset...>', help: 'only of tools of these toolsets' },
  { flags: '--endpoint <name...>', help: 'only by these endpoints' },
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
  const callers = listsOf(options, { principals: 'principal', kinds: 'kind', roles: 'role', teams: 'team' });
  if (callers) settings.for = callers;
  const targets = listsOf(options, { tools: 'tool', toolsets: 'toolset', endpoints: 'endpoint' });
  if (targets) settings.of = targets;
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

function listsOf(options: CommandInput['options'], flags: Record<string, string>): JsonObject | undefined {
  const given = Object.entries(flags).flatMap(([name, flag]) => {
    const values = textsOf(options[flag]);
    return values.length > 0 ? [[name, values] as const] : [];
  });
  return given.length > 0 ? Object.fromEntries(given) : undefined;
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
