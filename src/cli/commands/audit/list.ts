import type { JsonObject } from '../../../kernel/json.ts';
import { isObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, type OptionSpec, orgOption, textOf, wideOption } from '../../command.ts';
import { countOf, timeOf } from '../../reading.ts';
import { moment, screenOf } from '../../terminal.ts';

/** What narrows a look at the audit. */
export const filterOptions: readonly OptionSpec[] = [
  { flags: '--tool <id>', help: 'calls of this tool' },
  { flags: '--principal <id>', help: 'what this principal did, such as key:key_...' },
  { flags: '--outcome <outcome>', help: 'ok, tool_error, invalid, denied, limited, blocked, cancelled, failed ...' },
  { flags: '--kind <kind>', help: 'call or act (an administrative one)' },
  { flags: '--since <time>', help: 'from then on: 15m, 2h, 7d, a date, or a time such as 2026-03-01T12:00:00Z' },
  { flags: '--until <time>', help: 'before then, in the same forms' },
  orgOption,
];

export function filterOf(options: Parameters<CommandSpec['run']>[1]['options'], now: number) {
  return {
    tool: textOf(options.tool),
    principal: textOf(options.principal),
    outcome: textOf(options.outcome),
    kind: textOf(options.kind),
    since: timeOf(textOf(options.since), now),
    until: timeOf(textOf(options.until), now),
    org: textOf(options.org),
  };
}

/** What was called and changed, by whom, and how it ended. */
export const audit: CommandSpec = {
  path: ['audit'],
  summary: 'show what was called and changed, by whom, and how it ended',
  about:
    'Newest first. NAME is what a caller calls itself, PRINCIPAL the id that it cannot choose. With --json each\n' +
    'record is one line, with its arguments and all that is kept of it.',
  options: [
    ...filterOptions,
    { flags: '--limit <n>', help: 'records to show', default: '20' },
    wideOption,
    { flags: '--json', help: 'print JSON lines, for programs' },
  ],
  examples: [
    { line: 'fairlead audit', does: 'the last twenty records' },
    { line: 'fairlead audit --outcome denied --since 1d', does: 'what was denied in the last day' },
    { line: 'fairlead audit --tool files.write_file --limit 100 --json', does: 'JSON lines, arguments included' },
    { line: 'fairlead audit verify', does: 'whether a record is missing or was changed' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const limit = countOf(textOf(options.limit), '--limit');
    const query = { ...filterOf(options, Date.now()), limit: Math.min(limit, 500) };
    const client = await openClient(context, options);
    const records: JsonObject[] = [];
    for await (const record of client.pages('/audit', 'records', query)) {
      if (options.json) screen.jsonLine(record);
      records.push(record);
      if (records.length >= limit) break;
    }
    if (options.json) return exitCodes.ok;
    if (records.length === 0) screen.line('No records.');
    else
      screen.table(['TIME', 'NAME', 'WHAT', 'OUTCOME', 'ID', 'PRINCIPAL'], records.map(rowOf), ['PRINCIPAL', 'WHAT']);
    return exitCodes.ok;
  },
};

function rowOf(record: JsonObject): string[] {
  // An identity provider may let people choose any name, also that of somebody else.
  const { id = '', name = '' } = isObject(record.principal) ? record.principal : {};
  const what = record.kind === 'act' ? `${record.action} ${record.subject}` : String(record.tool ?? record.operation);
  return [moment(record.at), String(name), what, String(record.outcome), String(record.id), String(id)];
}
