import { isObject, type JsonObject } from '../kernel/json.ts';
import type { CommandInput, OptionSpec } from './command.ts';
import { textsOf } from './reading.ts';

/** What says whose and which calls a rule is for. */
export const selectionOptions: readonly OptionSpec[] = [
  { flags: '--principal <id...>', help: 'only calls of these: key:…, user:…, service:… as the audit shows them' },
  { flags: '--kind <kind...>', help: 'only calls of these: user, service, agent, anonymous' },
  { flags: '--role <role...>', help: 'only calls of who has one of these' },
  { flags: '--team <team...>', help: 'only calls of who is in one of these' },
  { flags: '--tool <tool...>', help: 'only of these tools; * at the end stands for any rest' },
  { flags: '--toolset <toolset...>', help: 'only of tools of these toolsets' },
  { flags: '--endpoint <name...>', help: 'only by these endpoints' },
];

/** The same as settings: `for` and `of`, as far as they are given. */
export function selectionOf(options: CommandInput['options']): JsonObject {
  const callers = listsOf(options, { principals: 'principal', kinds: 'kind', roles: 'role', teams: 'team' });
  const targets = listsOf(options, { tools: 'tool', toolsets: 'toolset', endpoints: 'endpoint' });
  return { ...(callers ? { for: callers } : {}), ...(targets ? { of: targets } : {}) };
}

function listsOf(options: CommandInput['options'], flags: Record<string, string>): JsonObject | undefined {
  const given = Object.entries(flags).flatMap(([name, flag]) => {
    const values = textsOf(options[flag]);
    return values.length > 0 ? [[name, values] as const] : [];
  });
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

/** One of the two in words, or what stands for its absence. */
export function partsOf(value: unknown, otherwise: string): string {
  if (!isObject(value)) return otherwise;
  return Object.entries(value)
    .map(([name, all]) => `${name} ${Array.isArray(all) ? all.join(', ') : String(all)}`)
    .join('; ');
}
