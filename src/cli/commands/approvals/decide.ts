import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CliContext, type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { readJson } from '../../json-file.ts';
import { screenOf } from '../../terminal.ts';

const args = [{ name: '<id>', help: 'id of the approval, as `approvals list` gives it' }];
const options = [{ flags: '--comment <text>', help: 'told to who asked' }, orgOption, jsonOption];
const exampleEdit = 'fairlead approvals approve apr_06exw4v5d0tq8m2k9r7h3n1c5b --arguments smaller.json';

const deciding =
  (decision: 'approve' | 'reject', said: (id: string) => string): CommandSpec['run'] =>
  async (context, { args, options }) => {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const id = String(args.id);
    const comment = textOf(options.comment);
    const file = textOf(options.arguments);
    const seen = textOf(options.seen);
    const edited = file === undefined ? undefined : await argumentsIn(file, context);
    const decided = await client.post(
      `/approvals/${encodeURIComponent(id)}/decision`,
      {
        decision,
        ...(comment === undefined ? {} : { comment }),
        ...(edited ? { arguments: edited } : {}),
        ...(seen === undefined ? {} : { seen }),
      },
      { org: textOf(options.org) },
    );
    if (options.json) screen.json(decided);
    else screen.line(decided.state === 'pending' ? 'Approved by you; it takes somebody else, too.' : said(id));
    return exitCodes.ok;
  };

async function argumentsIn(file: string, context: CliContext): Promise<JsonObject> {
  const value = await readJson(file, 'The arguments in', exampleEdit, context);
  if (isObject(value)) return value as JsonObject;
  throw wrongUsage(`The arguments in ${file} must be a JSON object.`, exampleEdit);
}

/** Consent. */
export const approvalsApprove: CommandSpec = {
  path: ['approvals', 'approve'],
  summary: 'approve a call that waits for consent',
  about:
    'The call is made at once, at most once, and with just the arguments that `approvals show` shows; or with those in a file, if a ' +
    'call of who asked would get through with them. Who asked is told of the change.',
  args,
  options: [
    {
      flags: '--seen <digest>',
      help: 'digest of changed arguments, as `approvals show` gives it: those are approved, no others',
    },
    { flags: '--arguments <file>', help: 'JSON object to call the tool with instead, whole; - for standard input' },
    ...options,
  ],
  examples: [
    { line: 'fairlead approvals approve apr_06exw4v5d0tq8m2k9r7h3n1c5b', does: 'it is made now' },
    { line: exampleEdit, does: 'it is made with other arguments' },
  ],
  remote: true,
  run: deciding('approve', (id) => `Approved; the call is made now. What became of it: fairlead approvals show ${id}`),
};

/** No consent. */
export const approvalsReject: CommandSpec = {
  path: ['approvals', 'reject'],
  summary: 'reject a call that waits for consent',
  args,
  options,
  examples: [
    {
      line: 'fairlead approvals reject apr_06exw4v5d0tq8m2k9r7h3n1c5b --comment "Not on a Friday"',
      does: 'nothing is called, and who asked is told why',
    },
  ],
  remote: true,
  run: deciding('reject', () => 'Rejected; nothing is called.'),
};
