import { isObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { moment, plain, screenOf } from '../../terminal.ts';

/** What waits for consent. */
export const approvalsList: CommandSpec = {
  path: ['approvals', 'list'],
  summary: 'list calls that wait for consent',
  about:
    'Newest first. Who may decide sees those of the organisation; everybody else what they, or keys of theirs, asked for.',
  options: [
    { flags: '--all', help: 'also those that are decided or over' },
    { flags: '--limit <n>', help: 'at most so many', default: '50' },
    orgOption,
    wideOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead approvals list', does: 'what is to be decided' },
    { line: 'fairlead approvals list --all', does: 'and what has become of the others' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const body = await client.get('/approvals', {
      org: textOf(options.org),
      limit: textOf(options.limit),
      state: options.all === true ? undefined : 'open',
    });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const approvals = listIn(body, 'approvals');
    if (approvals.length === 0) {
      screen.line(options.all === true ? 'No approvals.' : 'Nothing waits for a decision.');
      return exitCodes.ok;
    }
    const rows = approvals.map(({ id, state, kind, asker, tool, expiresAt }) => {
      const who = isObject(asker) ? plain(String(asker.name)) : '-';
      return [String(id), String(state), String(kind), who, moment(expiresAt), String(tool)];
    });
    screen.table(['APPROVAL', 'STATE', 'KIND', 'ASKED BY', 'EXPIRES', 'TOOL'], rows, ['EXPIRES', 'KIND', 'ASKED BY']);
    return exitCodes.ok;
  },
};
