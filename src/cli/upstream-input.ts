import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isWebAddress } from '../config/index.ts';
import { isObject, type Json, type JsonObject } from '../kernel/json.ts';
import { type CliContext, type CommandInput, type OptionSpec, textOf } from './command.ts';
import { wrongUsage } from './errors.ts';
import { readSettings } from './json-file.ts';
import { textsOf } from './reading.ts';

/** What says how an upstream is reached. */
export const upstreamOptions: readonly OptionSpec[] = [
  { flags: '--header <header...>', help: 'for an address or an API: "name: value"; use --settings-file for secrets' },
  { flags: '--transport <kind>', help: 'for an address: auto, http or sse' },
  { flags: '--env <variable...>', help: 'for a program: NAME=value' },
  { flags: '--cwd <folder>', help: 'for a program: the folder it starts in, on the server' },
  { flags: '--openapi <document>', help: 'an OpenAPI document, file or URL, whose operations become tools' },
  { flags: '--base-url <url>', help: 'for a document: where the API is, instead of where the document says' },
  { flags: '--tag <tag...>', help: 'for a document: only operations with this tag' },
  {
    flags: '--operation <operation...>',
    help: 'for a document: only this operation id, tool name or "GET /path"; * is anything',
  },
  { flags: '--secret <secret...>', help: 'for a document: scheme=value for a security scheme; see --header' },
  { flags: '--isolation <kind>', help: 'who shares a connection: shared, principal or session' },
  { flags: '--trust', help: 'serve its definitions as they are first seen, without a review' },
  { flags: '--settings-file <file>', help: 'all settings as JSON, as under upstreams in fairlead.yaml; - is stdin' },
];

const exampleSettings = 'Such as {"url": "https://..."}';

/** An upstream's settings from the command line; undefined when nothing says any. The server checks them. */
export async function upstreamSettings(
  { cwd, stdin }: Pick<CliContext, 'cwd' | 'stdin'>,
  target: readonly string[],
  options: CommandInput['options'],
): Promise<JsonObject | undefined> {
  const file = textOf(options.settingsFile);
  const openapi = textOf(options.openapi);
  if (file === undefined && openapi === undefined && target.length === 0) return undefined;
  if (openapi !== undefined && target.length > 0)
    throw wrongUsage('A document stands alone.', 'Leave the address or program out.');
  const settings = file === undefined ? {} : await readSettings(file, exampleSettings, { cwd, stdin });
  const [first, ...args] = target;
  if (first !== undefined && isWebAddress(first)) {
    if (args.length > 0) throw wrongUsage('An address stands alone.', 'Give headers with --header.');
    settings.url = first;
  } else if (first !== undefined && /^[a-z][a-z0-9+.-]*:\/\//i.test(first)) {
    throw wrongUsage('The address must begin with http:// or https://.', 'A program is given by its name or path.');
  } else if (first !== undefined) Object.assign(settings, { command: first, args });
  const headers = pairsOf(textsOf(options.header), /^([^:]+):\s*(.*)$/s, '--header "name: value"');
  const env = pairsOf(textsOf(options.env), /^([^=]+)=(.*)$/s, '--env NAME=value');
  if (headers) settings.headers = headers;
  if (env) settings.env = env;
  for (const name of ['transport', 'cwd', 'isolation'] as const) {
    const value = textOf(options[name]);
    if (value !== undefined) settings[name] = value;
  }
  if (options.trust === true) settings.trust = 'first-use';
  const secrets = pairsOf(textsOf(options.secret), /^([^=]+)=(.*)$/s, '--secret scheme=value');
  if (secrets) settings.secrets = secrets;
  const baseUrl = textOf(options.baseUrl);
  if (baseUrl !== undefined) settings.baseUrl = baseUrl;
  const select = selectionOf(settings.select, textsOf(options.tag), textsOf(options.operation));
  if (select) settings.select = select;
  const document = openapi ?? settings.openapi;
  if (typeof document === 'string') settings.openapi = await documentFor(document, select ?? {}, cwd);
  return settings;
}

function selectionOf(given: unknown, tags: readonly string[], operations: readonly string[]): JsonObject | undefined {
  const before = isObject(given) ? (given as JsonObject) : undefined;
  if (tags.length === 0 && operations.length === 0) return before;
  return {
    ...before,
    ...(tags.length > 0 ? { tags: [...tags] } : {}),
    ...(operations.length > 0 ? { operations: [...operations] } : {}),
  };
}

/** An address as it is; of a file what the chosen operations need, since the server cannot read files that are here. */
async function documentFor(openapi: string, select: JsonObject, cwd: string): Promise<Json> {
  if (isWebAddress(openapi)) return openapi;
  const text = await readFile(resolve(cwd, openapi), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw wrongUsage(`The document ${openapi} cannot be read: ${error.code}.`, 'Give the path of a file, or a URL.');
  });
  const { ImportFault, pruneDocument } = await import('../capabilities/upstreams/index.ts');
  try {
    return pruneDocument(text, select as Parameters<typeof pruneDocument>[1]);
  } catch (error) {
    if (!(error instanceof ImportFault)) throw error;
    throw wrongUsage(
      `The document ${openapi} cannot be used: ${error.detail ?? error.message}.`,
      'It must be OpenAPI 3.0 or 3.1, as JSON or YAML.',
    );
  }
}

function pairsOf(texts: readonly string[], form: RegExp, usage: string): Record<string, string> | undefined {
  if (texts.length === 0) return undefined;
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = form.exec(text) ?? [];
      if (name === undefined || value === undefined) throw wrongUsage(`It is written ${usage}.`);
      return [name.trim(), value];
    }),
  );
}
