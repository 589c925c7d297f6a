import { isObject } from '../../kernel/json.ts';
import { readArguments } from '../arguments.ts';
import { openClient } from '../client.ts';
import { type CommandSpec, exitCodes, jsonOption, textOf } from '../command.ts';
import { renderContent } from '../content.ts';
import { refusalText } from '../refusal.ts';
import { screenOf } from '../terminal.ts';

/** Calls one tool, on the same way as any agent does. */
export const call: CommandSpec = {
  path: ['call'],
  summary: 'call a tool',
  about:
    'Goes the way of every call: policy, validation and audit included. Prints the text of the result; whatever is not\n' +
    'ok ends with exit code 1, and with the reason on standard error.',
  args: [
    { name: '<tool>', help: 'its id, such as everything.echo' },
    { name: '[arguments...]', help: 'key=text, or key:=json for numbers, lists and the like' },
  ],
  options: [
    { flags: '--args <json>', help: 'all arguments as one JSON object' },
    { flags: '--args-file <file>', help: 'file that holds them; - is standard input' },
    { flags: '--endpoint <name>', help: 'call through a named endpoint' },
    { flags: '--idempotency-key <text>', help: 'called again with the same one, the first reply comes back' },
    jsonOption,
  ],
  examples: [
    { line: 'fairlead call everything.echo message=hi', does: 'one text argument' },
    { line: 'fairlead call everything.get-sum a:=2 b:=3', does: 'two numbers' },
    { line: `fairlead call everything.echo --args '{"message": "hi"}'`, does: 'all as JSON' },
    { line: 'fairlead call everything.echo --args-file - --json < args.json', does: 'from standard input, raw reply' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const pairs = Array.isArray(args.arguments) ? args.arguments : [];
    const given = await readArguments({
      pairs,
      text: textOf(options.args),
      file: textOf(options.argsFile),
      cwd: context.cwd,
      stdin: context.stdin,
    });
    const endpoint = textOf(options.endpoint);
    const key = textOf(options.idempotencyKey);
    const client = await openClient(context, options);
    const { body } = await client.exchange(
      'POST',
      `/tools/${encodeURIComponent(String(args.tool))}/call`,
      { arguments: given, ...(endpoint === undefined ? {} : { endpoint }) },
      key === undefined ? {} : { headers: { 'idempotency-key': key } },
    );
    const ok = body.outcome === 'ok';
    if (options.json) screen.json(body);
    else {
      const result = isObject(body.result) ? body.result : {};
      const text = renderContent(result.content) || structured(result.structuredContent);
      if (ok) screen.line(text);
      else screen.note(isObject(body.result) ? text : refusalText(body, pairs));
    }
    return ok ? exitCodes.ok : exitCodes.failed;
  },
};

function structured(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value, null, 2);
}
