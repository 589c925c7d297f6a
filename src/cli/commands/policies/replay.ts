import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { readPolicies } from '../../policy-folder.ts';
import { countOf, timeOf } from '../../reading.ts';
import { showRehearsal } from '../../rehearsal-lines.ts';
import { screenOf } from '../../terminal.ts';

/** Past decisions, made anew by other policies. */
export const policiesReplay: CommandSpec = {
  path: ['policies', 'replay'],
  summary: 'decide past calls anew by other policies, and say which decisions change',
  about:
    'Reads the audit on the server; nothing is called and nothing is changed. Decisions whose records do not suffice are\n' +
    'counted apart, with the reason. Interrupting the command ends the work on the server. Takes the scope audit:read.',
  options: [
    { flags: '--policy <path>', help: 'a folder of Cedar files, or one file: the policies to try' },
    { flags: '--since <time>', help: 'decisions since then: 15m, 2h, 7d, a date or a time', default: '7d' },
    { flags: '--until <time>', help: 'and before then' },
    { flags: '--layer <name>', help: 'whose place they take: own (saved by the organisation) or folder' },
    {
      flags: '--against <what>',
      help: 'recorded decisions, or what the current policies would decide',
      default: 'recorded',
    },
    { flags: '--limit <n>', help: 'most decisions, the newest first', default: '100000' },
    { flags: '--max-seconds <n>', help: 'how long it may take', default: '60' },
    { flags: '--fail-on-change', help: 'exit code 1 when a decision changes' },
    orgOption,
    jsonOption,
  ],
  examples: [
    {
      line: 'fairlead policies replay --since 7d --policy new/',
      does: 'what last week had been under the policies in new/',
    },
    { line: 'fairlead policies replay --policy new/ --fail-on-change', does: 'in CI' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const path = textOf(options.policy);
    if (path === undefined)
      throw wrongUsage('Which policies are to be tried?', 'Give a folder or a file with --policy.');
    const policies = await readPolicies(path, context);
    const client = await openClient(context, options);
    const now = Date.now();
    const body = await client.post(
      '/policies/rehearsals',
      {
        policies,
        layer: textOf(options.layer),
        against: textOf(options.against),
        since: timeOf(textOf(options.since), now),
        until: timeOf(textOf(options.until), now),
        limit: countOf(textOf(options.limit), '--limit'),
        maxSeconds: countOf(textOf(options.maxSeconds), '--max-seconds'),
      },
      { org: textOf(options.org) },
    );
    const rehearsal = (isObject(body.rehearsal) ? body.rehearsal : {}) as JsonObject;
    if (options.json) screen.json(body);
    else {
      const place =
        body.layer === 'folder' ? 'the folder of the deployment' : 'the policies that the organisation saved';
      screen.line(`${policies.length} ${policies.length === 1 ? 'file' : 'files'} in the place of ${place}.`);
      showRehearsal(rehearsal, screen);
    }
    return options.failOnChange && Number(rehearsal.changed) > 0 ? exitCodes.failed : exitCodes.ok;
  },
};
