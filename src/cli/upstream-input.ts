import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isObject, JsonFault, type JsonObject, parseJson } from '../kernel/json.ts';
import { readAll } from './arguments.ts';
import { type CliContext, type CommandInput, type OptionSpec, textOf } from './command.ts';
import { wrongUsage } from './errors.ts';
import { textsOf } from './reading.ts';

/** What says how an upstream is reached. */
export const upstreamOptions: readonly OptionSpec[] = [
  { flags: '--header <header...>', help: 'for an address: "name: value"; use --settings-file for secrets' },
  { flags: '--transport <kind>', help: 'for an address: auto, http or sse' },
  { flags: '--env <variable...>', help: 'for a program: NAME=value' },
  { flags: '--cwd <folder>', help: 'for a program: the folder it starts in, on the server' },
  { flags: '--isolation <kind>', help: 'who shares a connection: shared, principal or session' },
  { flags: '--settings-file <file>', help: 'all settings as JSON, as under upstreams in fairlead.yaml; - is stdin' },
];

/** An upstream's settings from the command line; undefined when nothing says any. The server checks them. */
export async function upstreamSettings(
  { cwd, stdin }: Pick<CliContext, 'cwd' | 'stdin'>,
  target: readonly string[],
  options: CommandInput['options'],
): Promise<JsonObject | undefined> {
  const file = textOf(options.settingsFile);
  if (file === undefined && target.length === 0) return undefined;
  const settings = file === undefined ? {} : await readSettings(file, cwd, stdin);
  const [first, ...args] = target;
  if (first !== undefined && /^https?:\/\//i.test(first)) {
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
  return settings;
}

async function readSettings(file: string, cwd: string, stdin: CliContext['stdin']): Promise<JsonObject> {
  try {
    const value = parseJson(file === '-' ? await readAll(stdin) : await readFile(resolve(cwd, file), 'utf8'));
    if (isObject(value)) return value as JsonObject;
  } catch (error) {
    const reason = error instanceof JsonFault ? error.message : (error as NodeJS.ErrnoException).code;
    throw wrongUsage(`The settings in ${file} cannot be read: ${reason}.`, 'Such as {"url": "https://..."}');
  }
  throw wrongUsage(`The settings in ${file} must be a JSON object.`, 'Such as {"url": "https://..."}');
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
