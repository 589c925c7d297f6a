import type { JsonObject } from '../kernel/json.ts';
import { isObject } from '../kernel/json.ts';
import type { ApiClient } from './client.ts';
import type { CliContext, CommandInput, OptionSpec } from './command.ts';
import { textOf } from './command.ts';
import { confirm } from './confirm.ts';
import { CommandFailed } from './errors.ts';
import { countOf, listIn, timeOf } from './reading.ts';
import { showDifferences, showRehearsal } from './rehearsal-lines.ts';
import { plain, screenOf } from './terminal.ts';

export const changeOptions: readonly OptionSpec[] = [
  { flags: '--since <time>', help: 'rehearse it on the decisions since then', default: '7d' },
  { flags: '--limit <n>', help: 'on so many of them at most, the newest first', default: '20000' },
  { flags: '--max-seconds <n>', help: 'for so long at most', default: '20' },
  { flags: '--yes', help: 'make the change without asking' },
];

/**
 * Shows what a change of policies does to past decisions, and asks. Resolves with the headers by which what was shown is
 * what is made. @throws CommandFailed when the person says no, or nobody can be asked
 */
export async function rehearseChange(
  context: CliContext,
  client: ApiClient,
  change: JsonObject,
  options: CommandInput['options'],
): Promise<Record<string, string>> {
  const screen = screenOf(context);
  const rehearsed = await rehearse(client, change, options);
  if (!options.json) {
    if (rehearsed) {
      showDifferences(listIn(rehearsed.plan, 'differences'), screen);
      showRehearsal(rehearsed.rehearsal, screen);
    } else screen.note('It was not rehearsed: that takes the scope audit:read, which this key does not have.');
  }
  if (!options.yes) {
    const why = { message: 'A change of policies counts at once', action: 'Add --yes to make it without being asked.' };
    await confirm(context, 'These policies decide from now on.', 'yes', why);
  }
  return rehearsed ? { 'if-match': String(rehearsed.plan.tag) } : {};
}

async function rehearse(
  client: ApiClient,
  change: JsonObject,
  options: CommandInput['options'],
): Promise<{ plan: JsonObject; rehearsal: JsonObject } | undefined> {
  try {
    const since = timeOf(textOf(options.since), Date.now());
    const limit = countOf(textOf(options.limit), '--limit');
    const maxSeconds = countOf(textOf(options.maxSeconds), '--max-seconds');
    const asked = { change, since, limit, maxSeconds };
    const body = await client.post('/policies/rehearsals', asked, { org: textOf(options.org) });
    const { plan, rehearsal } = body;
    return isObject(plan) && isObject(rehearsal)
      ? { plan: plan as JsonObject, rehearsal: rehearsal as JsonObject }
      : undefined;
  } catch (error) {
    const isAudit =
      error instanceof CommandFailed && error.body?.code === 'FORBIDDEN' && /audit:read/.test(error.message);
    if (isAudit) return undefined;
    throw error;
  }
}

/** Who saved what when, for the list of versions. */
export function versionRow(
  { number, change, savedBy, savedAt, digest }: JsonObject,
  when: (ms: number) => string,
): string[] {
  return [
    String(number),
    plain(String(change)),
    plain(String(savedBy)),
    when(Number(savedAt)),
    String(digest).slice(0, 19),
  ];
}
