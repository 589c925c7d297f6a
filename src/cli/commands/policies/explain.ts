import { readArguments } from '../../arguments.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { explanationLines } from '../../policy-lines.ts';
import { textsOf } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** Why a call would be decided as it would be. */
export const policiesExplain: CommandSpec = {
  path: ['policies', 'explain'],
  summary: 'say which rules decide on a call, and what would have to differ',
  about:
    'Nothing is called. Before each part of a rule stands whether it holds: + yes, - no, ? cannot be told. Take - for the\n' +
    'principal and give --role, --team or --scope to ask about somebody made up.',
  args: [
    { name: '<principal>', help: 'me, its id (key:..., user:..., service:...), or - for somebody made up' },
    { name: '<tool>', help: 'its id, such as files.write_file' },
    { name: '[arguments...]', help: 'key=text, or key:=json for numbers, lists and the like' },
  ],
  options: [
    { flags: '--args <json>', help: 'all arguments as one JSON object' },
    { flags: '--role <name...>', help: 'roles of somebody made up' },
    { flags: '--team <name...>', help: 'teams of somebody made up' },
    { flags: '--scope <name...>', help: 'scopes of somebody made up; * when absent' },
    { flags: '--surface <name>', help: 'by which the call comes: mcp, rest, workflow or agent', default: 'mcp' },
    { flags: '--endpoint <name>', help: 'the endpoint by which it comes' },
    { flags: '--address <ip>', help: 'the address from which it comes' },
    { flags: '--environment <name>', help: 'instead of server.environment' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead policies explain me files.write_file path=notes.txt', does: 'what of your own key' },
    { line: 'fairlead policies explain - payments.refund amount:=150 --role developer', does: 'what of any developer' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const pairs = Array.isArray(args.arguments) ? args.arguments : [];
    const given = await readArguments({ pairs, text: textOf(options.args), cwd: context.cwd, stdin: context.stdin });
    const [roles, teams, scopes] = [options.role, options.team, options.scope].map(textsOf);
    const isMadeUp = args.principal === '-';
    if (!isMadeUp && (roles?.length || teams?.length || scopes?.length))
      throw wrongUsage('Roles, teams and scopes are those of somebody made up.', 'Take - for the principal.');
    const client = await openClient(context, options);
    const { surface, endpoint, address, environment } = options;
    const body = await client.post(
      '/policies/explain',
      {
        principal: isMadeUp ? { roles, teams, ...(scopes?.length ? { scopes } : {}) } : String(args.principal),
        tool: String(args.tool),
        arguments: given,
        environment: { surface, endpoint, address, name: environment },
      },
      { org: textOf(options.org) },
    );
    if (options.json) screen.json(body);
    else for (const line of explanationLines(body)) screen.line(line);
    return exitCodes.ok;
  },
};
