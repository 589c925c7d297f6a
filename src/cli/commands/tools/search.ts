import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, textOf, wideOption } from '../../command.ts';
import { countOf, listIn, textsOf } from '../../reading.ts';
import { refusalText } from '../../refusal.ts';
import { screenOf } from '../../terminal.ts';
import { firstSentence } from './list.ts';

/** The search that agents have, for people. */
export const toolsSearch: CommandSpec = {
  path: ['tools', 'search'],
  summary: 'find tools by what you want to do',
  about:
    'Best first, as `search_tools` finds them for an agent: a call like any other, recorded in the audit. What your key\n' +
    'may not call is not found.',
  args: [{ name: '<query...>', help: 'in a few words' }],
  options: [
    { flags: '--toolset <name>', help: 'only those of one toolset' },
    { flags: '--limit <n>', help: 'at most so many' },
    { flags: '--endpoint <name>', help: 'among those behind a named endpoint' },
    wideOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead tools search open a ticket', does: 'the tools that fit' },
    { line: 'fairlead tools search "logs of a failed build" --limit 3', does: 'the best three' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context, options);
    const [toolset, limit, endpoint] = [textOf(options.toolset), textOf(options.limit), textOf(options.endpoint)];
    const wanted = {
      query: textsOf(args.query).join(' '),
      ...(toolset === undefined ? {} : { toolset }),
      ...(limit === undefined ? {} : { limit: countOf(limit, '--limit') }),
    };
    const client = await openClient(context, options);
    const { body } = await client.exchange('POST', '/tools/fairlead.search_tools/call', {
      arguments: wanted,
      ...(endpoint === undefined ? {} : { endpoint }),
    });
    const ok = body.outcome === 'ok';
    const result = isObject(body.result) ? body.result : {};
    const found = isObject(result.structuredContent) ? (result.structuredContent as JsonObject) : {};
    if (!ok) {
      if (options.json) screen.json(body);
      else screen.note(refusalText(body));
      return exitCodes.failed;
    }
    const tools = listIn(found, 'tools');
    // Agents know them by their names on the wire, everything on the command line by their ids.
    const known = listIn(await client.get('/tools', { endpoint }), 'tools');
    const idOf = new Map(known.map(({ wireName, id }) => [wireName, String(id)]));
    const shown = tools.map((tool): JsonObject => ({ id: idOf.get(tool.name) ?? String(tool.name), ...tool }));
    if (options.json) screen.json({ tools: shown });
    else if (shown.length === 0) screen.line('Nothing fits. Say it in other words, or: npx fairlead tools list');
    else {
      screen.table(['TOOL', 'DESCRIPTION'], shown.map(rowOf));
      const at = endpoint === undefined ? '' : ` --endpoint ${endpoint}`;
      screen.line(`\nHow one is called: npx fairlead tools describe ${shown[0]?.id}${at}`);
    }
    return exitCodes.ok;
  },
};

function rowOf(tool: JsonObject): string[] {
  return [String(tool.id), firstSentence(String(tool.description ?? tool.title ?? ''))];
}
