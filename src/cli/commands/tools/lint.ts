import type { LintFault, LintMetadata } from '../../../capabilities/catalog/index.ts';
import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { type ApiClient, openClient } from '../../client.ts';
import { type CliContext, type CommandInput, type CommandSpec, exitCodes, jsonOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { readJson } from '../../json-file.ts';
import { listIn } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';
import { refuseUnknown } from './list.ts';

/** A tool as a model reads it. */
interface Judged {
  id: string;
  definition: JsonObject;
  metadata: LintMetadata;
}

/** Whether a model can choose a tool by its words, and use it. */
export const toolsLint: CommandSpec = {
  path: ['tools', 'lint'],
  summary: 'judge the descriptions of tools as a model reads them',
  about:
    'An error misleads a model or keeps it from using the tool; a warning makes it guess. Exit code 1 when there are\n' +
    'errors, with --strict also for warnings. With --file no server is needed: it holds the result of tools/list, or\n' +
    'the list alone. What the settings say of a tool counts (whenToUse, whenNotToUse, examples), and in a file what\n' +
    'stands in _meta["dev.fairlead/tool"].',
  args: [{ name: '[id]', help: 'a tool, or all of a toolset; everything that your key may call when absent' }],
  options: [
    { flags: '--file <file>', help: 'tools in a JSON file; - is standard input' },
    { flags: '--endpoint <name>', help: 'as they are behind a named endpoint' },
    { flags: '--strict', help: 'warnings count as errors' },
    jsonOption,
  ],
  examples: [
    { line: 'fairlead tools lint tickets', does: 'all tools of a toolset' },
    { line: 'fairlead tools lint tickets.create_ticket', does: 'one tool' },
    { line: 'fairlead tools lint --file tools.json --strict', does: 'before a server is released' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const id = typeof args.id === 'string' ? args.id : undefined;
    const tools = await toolsFor(context, id, options);
    const { lintTool } = await import('../../../capabilities/catalog/index.ts'); // heavy, and only needed here
    const judged = tools.map(({ id: tool, ...one }) => ({ tool, faults: lintTool(one.definition, one.metadata) }));
    const faults = judged.flatMap(({ tool, faults: found }) => found.map((fault) => ({ tool, ...fault })));
    const errors = faults.filter(({ severity }) => severity === 'error').length;
    const warnings = faults.length - errors;
    if (options.json) screen.json({ tools: tools.length, errors, warnings, faults });
    else {
      for (const { tool, faults: found } of judged.filter((one) => one.faults.length > 0)) {
        screen.line(screen.styled('bold', plain(tool)));
        for (const fault of found) screen.line(`  ${lineOf(fault)}`);
        screen.line();
      }
      screen.line(`${counted(tools.length, 'tool')}: ${counted(errors, 'error')}, ${counted(warnings, 'warning')}.`);
    }
    return errors > 0 || (options.strict && warnings > 0) ? exitCodes.failed : exitCodes.ok;
  },
};

function lineOf({ severity, path, rule, message }: LintFault): string {
  return `${severity.padEnd(7)}  ${plain(path)}: ${plain(message)} [${rule}]`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

async function toolsFor(context: CliContext, id: string | undefined, options: CommandInput['options']) {
  const file = textOf(options.file);
  if (file === undefined) return ofServer(await openClient(context, options), id, textOf(options.endpoint));
  if (id !== undefined) throw wrongUsage('A file is judged as a whole.', 'Leave the id out, or --file.');
  return ofFile(file, context);
}

const atOnce = 8;

async function ofServer(client: ApiClient, id: string | undefined, endpoint: string | undefined): Promise<Judged[]> {
  const ids = await idsFor(client, id, endpoint);
  const found: Judged[] = [];
  for (let from = 0; from < ids.length; from += atOnce) {
    const some = ids
      .slice(from, from + atOnce)
      .map((each) => client.get(`/tools/${encodeURIComponent(each)}`, { endpoint }));
    for (const tool of await Promise.all(some)) {
      const definition = isObject(tool.definition) ? (tool.definition as JsonObject) : {};
      found.push({ id: String(tool.id), definition, metadata: metadataIn(tool) });
    }
  }
  return found;
}

/** A toolset has neither dot nor underscore; every id and every name on the wire has one. */
async function idsFor(client: ApiClient, id: string | undefined, endpoint: string | undefined): Promise<string[]> {
  if (id !== undefined && /[._]/.test(id)) return [id];
  const ids = listIn(await client.get('/tools', { toolset: id, endpoint }), 'tools').map((tool) => String(tool.id));
  if (id !== undefined && ids.length === 0) await refuseUnknown(id, client);
  return ids;
}

const exampleFile = 'Such as {"tools": [{"name": "...", "description": "...", "inputSchema": {...}}]}';

async function ofFile(file: string, context: CliContext): Promise<Judged[]> {
  const value = await readJson(file, 'The tools in', exampleFile, context);
  const result = isObject(value) && isObject(value.result) ? value.result : value; // a whole answer of JSON-RPC
  const tools = isObject(result) ? result.tools : result;
  if (!Array.isArray(tools) || !tools.every(isObject))
    throw wrongUsage(`The file ${file} holds no list of tools.`, exampleFile);
  return (tools as JsonObject[]).map(({ _meta, ...definition }, index) => {
    const told = isObject(_meta) ? _meta['dev.fairlead/tool'] : undefined;
    const { name } = definition;
    const id = typeof name === 'string' && name !== '' ? name : `tool ${index + 1}`;
    return { id, definition, metadata: isObject(told) ? metadataIn(told) : {} };
  });
}

function metadataIn({ whenToUse, whenNotToUse, examples }: Record<string, unknown>): LintMetadata {
  return {
    ...(typeof whenToUse === 'string' ? { whenToUse } : {}),
    ...(typeof whenNotToUse === 'string' ? { whenNotToUse } : {}),
    ...(Array.isArray(examples) ? { examples } : {}),
  };
}
