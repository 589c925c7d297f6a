import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, textOf, wideOption } from '../../command.ts';
import { listIn, textsIn } from '../../reading.ts';
import { shellWord } from '../../shell.ts';
import { jsonText, plain, safe, screenOf } from '../../terminal.ts';
import { effectOf } from './list.ts';

/** One tool with its arguments. */
export const toolsDescribe: CommandSpec = {
  path: ['tools', 'describe'],
  summary: 'show one tool, its arguments, and what is known of it',
  args: [{ name: '<tool>', help: 'its id, such as everything.echo' }],
  options: [{ flags: '--endpoint <name>', help: 'as it is behind a named endpoint' }, wideOption, jsonOption],
  examples: [
    { line: 'fairlead tools describe everything.echo', does: 'what it does and what it takes' },
    { line: 'fairlead tools describe everything.echo --json', does: 'its whole definition, schemas included' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const tool = await client.get(`/tools/${encodeURIComponent(String(args.tool))}`, {
      endpoint: textOf(options.endpoint),
    });
    if (options.json) {
      screen.json(tool);
      return exitCodes.ok;
    }
    const definition = isObject(tool.definition) ? (tool.definition as JsonObject) : {};
    screen.line(screen.styled('bold', String(tool.id)));
    const description = safe(String(tool.description ?? '')).trim();
    if (description) screen.line(`\n${description}\n`);
    screen.facts([
      ['does', effectOf(tool)],
      ['over MCP', String(tool.wireName ?? '')],
      ['status', `${tool.status}${tool.statusReason ? ` (${tool.statusReason})` : ''}`],
      ['tags', textsIn(tool, 'tags') || undefined],
      ...guidanceFacts(tool),
      ['digest', String(tool.digest)],
    ]);
    const rows = argumentRows(definition.inputSchema);
    if (rows.length === 0) screen.line('\nTakes no arguments.');
    else {
      screen.line();
      screen.table(['ARGUMENT', 'TYPE', 'DESCRIPTION'], rows);
    }
    for (const { name, meaning } of errorsOf(tool)) screen.line(`\nOn ${name}: ${meaning}`);
    for (const { intent, arguments: given } of listIn(tool, 'examples')) {
      screen.line(`\n# ${plain(String(intent ?? 'for example'))}`);
      screen.line(`npx fairlead call ${tool.id} --args ${shellWord(jsonText(given))}`);
    }
    screen.line(
      `\nnpx fairlead call ${[tool.id, ...exampleArguments(definition.inputSchema)].map(String).map(shellWord).join(' ')}`,
    );
    return exitCodes.ok;
  },
};

/** What is told of it beside its definition, as far as there is any. */
function guidanceFacts(tool: JsonObject): [string, string | undefined][] {
  const said = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const lookalikes = listIn(tool, 'lookalikes').map(({ of }) => String(of));
  return [
    ['use it', said(tool.whenToUse)],
    ['not for', said(tool.whenNotToUse)],
    ['changes', said(tool.sideEffects)],
    ['costs', costOf(tool.cost)],
    ['at most', textsIn(tool, 'rateLimits') || undefined],
    ['takes', timeOf(tool.latency)],
    ['looks like', lookalikes.length > 0 ? lookalikes.join(', ') : undefined],
  ];
}

function costOf(cost: unknown): string | undefined {
  if (!isObject(cost)) return undefined;
  const { units, amount, currency } = cost;
  const parts = [
    units === undefined ? '' : `${units} units`,
    amount === undefined ? '' : `${amount} ${currency ?? ''}`,
  ];
  return parts.filter((part) => part !== '').join(', ') || undefined;
}

function timeOf(latency: unknown): string | undefined {
  if (!isObject(latency)) return undefined;
  const { p50Ms, p95Ms, calls } = latency;
  return `${p50Ms} ms at the median, ${p95Ms} ms at the 95th percentile (of ${calls} ${calls === 1 ? 'call' : 'calls'})`;
}

function errorsOf({ errors }: JsonObject): { name: string; meaning: string }[] {
  if (!isObject(errors)) return [];
  return Object.entries(errors).map(([name, meaning]) => ({ name: plain(name), meaning: plain(String(meaning)) }));
}

function propertiesOf(schema: unknown): { name: string; property: Record<string, unknown>; required: boolean }[] {
  if (!isObject(schema) || !isObject(schema.properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    property: isObject(property) ? property : {},
    required: required.includes(name),
  }));
}

function argumentRows(schema: unknown): string[][] {
  return propertiesOf(schema).map(({ name, property, required }) => [
    required ? name : `[${name}]`,
    Array.isArray(property.enum) ? property.enum.map(String).join(' | ') : String(property.type ?? 'any'),
    String(property.description ?? ''),
  ]);
}

/** What must be given, in the form in which `fairlead call` takes it. */
function exampleArguments(schema: unknown): string[] {
  return propertiesOf(schema)
    .filter(({ required }) => required)
    .map(({ name, property }) => {
      const [first] = Array.isArray(property.enum) ? property.enum : [];
      if (typeof first === 'string') return `${name}=${first}`;
      return exampleByType[String(property.type)]?.(name) ?? `${name}=...`;
    });
}

const exampleByType: Record<string, (name: string) => string> = {
  number: (name) => `${name}:=1`,
  integer: (name) => `${name}:=1`,
  boolean: (name) => `${name}:=true`,
  array: (name) => `${name}:=[...]`,
  object: (name) => `${name}:={...}`,
};
