import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { type ApiClient, openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, textOf, wideOption } from '../../command.ts';
import { CommandFailed } from '../../errors.ts';
import { listIn } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';

/** What the key may call. */
export const toolsList: CommandSpec = {
  path: ['tools', 'list'],
  summary: 'list the tools that your key may call',
  about:
    'Under "does": reads; writes (adds or changes); destroys (may delete or overwrite). An asterisk: not live now.',
  options: [
    { flags: '--toolset <name>', help: 'only those of one toolset' },
    { flags: '--endpoint <name>', help: 'as they are behind a named endpoint' },
    wideOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead tools list', does: 'all of them' },
    { line: 'fairlead tools list --toolset files', does: 'one toolset' },
    { line: 'fairlead tools list --json', does: 'one JSON object: {tools, incomplete}' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const toolset = textOf(options.toolset);
    const body = await client.get('/tools', { toolset, endpoint: textOf(options.endpoint) });
    const tools = listIn(body, 'tools');
    if (toolset !== undefined && tools.length === 0) await refuseUnknown(toolset, client);
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    if (tools.length > 0) screen.table(['TOOL', 'DOES', 'DESCRIPTION'], tools.map(rowOf));
    else screen.line('No tools that this key may call.');
    for (const { toolset, reason } of listIn(body, 'incomplete')) {
      screen.note(`The toolset ${toolset} may lack tools: ${plain(String(reason))}`);
    }
    return exitCodes.ok;
  },
};

/** @throws CommandFailed when there is no such toolset, with those that there are */
export async function refuseUnknown(toolset: string, client: ApiClient): Promise<void> {
  const names = listIn(await client.get('/status'), 'toolsets').map((each) => String(each.toolset));
  if (names.includes(toolset)) return;
  const those =
    names.length > 0 ? `There is: ${names.join(', ')}.` : 'There is none yet; `fairlead upstreams add` adds one.';
  throw new CommandFailed(exitCodes.failed, `There is no toolset "${toolset}".`, those);
}

function rowOf(tool: JsonObject): string[] {
  const mark = tool.status === 'live' ? '' : '*';
  return [`${tool.id}${mark}`, effectOf(tool), firstSentence(String(tool.description ?? tool.title ?? ''))];
}

/** Descriptions are written for models and can be pages long. */
export function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/.exec(plain(text))?.[0] ?? plain(text);
}

/** In one word what a tool may do, by the annotations that Fairlead believes. */
export function effectOf({ annotations }: JsonObject): string {
  if (!isObject(annotations)) return '?';
  if (annotations.readOnly) return 'reads';
  return annotations.destructive ? 'destroys' : 'writes';
}
