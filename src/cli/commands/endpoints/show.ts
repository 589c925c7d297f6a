import type { JsonObject } from '../../../kernel/json.ts';
import { type ApiClient, openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { CommandFailed } from '../../errors.ts';
import { listIn } from '../../reading.ts';
import { jsonText, moment, screenOf } from '../../terminal.ts';

/** One endpoint with its settings. */
export const endpointsShow: CommandSpec = {
  path: ['endpoints', 'show'],
  summary: 'show an endpoint and its settings',
  about: 'The settings are for those who may change them. Its tools: `fairlead tools list --endpoint <name>`.',
  args: [{ name: '<name>', help: 'name of the endpoint' }],
  options: [orgOption, jsonOption],
  examples: [{ line: 'fairlead endpoints show release', does: 'where it is, what it serves and how' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const endpoint = await findEndpoint(client, String(args.name), textOf(options.org));
    if (options.json) {
      screen.json(endpoint);
      return exitCodes.ok;
    }
    const { name, path, source, tools, disclosure, anonymous, changedBy, changedAt, settings } = endpoint;
    screen.line(screen.styled('bold', String(name)));
    screen.facts([
      ['address', `${client.url}${path}`],
      ['tools', `${tools} that you may call`],
      ['disclosure', String(disclosure)],
      ['source', String(source)],
      ['anonymous', anonymous === undefined ? undefined : `as ${anonymous}`],
      ['changed', changedBy === undefined ? undefined : `${moment(changedAt)} by ${changedBy}`],
    ]);
    if (settings !== undefined) screen.line(`\n${jsonText(settings, 2)}`);
    return exitCodes.ok;
  },
};

/** @throws CommandFailed when there is none of that name, with those that there are */
async function findEndpoint(client: ApiClient, name: string, org: string | undefined): Promise<JsonObject> {
  const endpoints = listIn(await client.get('/endpoints', { org }), 'endpoints');
  const found = endpoints.find((each) => each.name === name);
  if (found) return found;
  const names = endpoints.map((each) => String(each.name));
  const those = names.length > 0 ? `There is: ${names.join(', ')}.` : '`fairlead endpoints add` adds one.';
  throw new CommandFailed(exitCodes.failed, `There is no endpoint "${name}".`, those);
}
