import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Given, GivenValue, Listed, Offer, Registry } from '../capabilities/registry/index.ts';
import { nameRegistry } from '../config/index.ts';
import { isObject, JsonFault, parseJson } from '../kernel/json.ts';
import { createEgress } from '../platform/http/egress.ts';
import { createLog } from '../platform/telemetry/log.ts';
import { readAll } from './arguments.ts';
import { type CliContext, type CommandInput, type OptionSpec, textOf } from './command.ts';
import { wrongUsage } from './errors.ts';
import { countOf, textsOf } from './reading.ts';

export const registryOption: OptionSpec = {
  flags: '--registry <where>',
  help: 'a document with servers (file or URL), or the address of a registry; by default registry.url of fairlead.yaml',
};

/** The registry that is named, or that of the settings of this folder. Asked from here, never from the server. */
export async function registryOf(
  { env, cwd, signal }: CliContext,
  options: CommandInput['options'],
): Promise<{ registry: Registry; at: string }> {
  const at = textOf(options.registry) ?? nameRegistry({ env, cwd, flags: {} });
  const egress = createEgress({ allow: [], log: createLog({ level: 'silent', service: 'fairlead' }) });
  const { openRegistry } = await import('../capabilities/registry/index.ts');
  return { at, registry: openRegistry({ at, cwd, egress, signal }) };
}

/** The version that is asked for among all of a server; the newest that is not deleted when none is. */
export function versionOf(versions: readonly Listed[], asked: string | undefined): Listed {
  const [newest] = versions;
  const found =
    asked === undefined || asked === 'latest'
      ? (versions.find(({ status }) => status !== 'deleted') ?? newest)
      : versions.find(({ version }) => version === asked);
  if (found) return found;
  const known = versions.map(({ version }) => version).slice(0, 10);
  throw wrongUsage(`There is no version ${asked} of ${newest?.name}.`, `There is ${known.join(', ')}.`);
}

/** The way to have it that is asked for; the only one that can be used when none is. */
export function chooseOffer(offers: readonly Offer[], { name }: Listed, options: CommandInput['options']): Offer {
  const asked = (['package', 'remote'] as const).filter((kind) => textOf(options[kind]) !== undefined);
  if (asked.length > 1) throw wrongUsage('Take a package or a remote.', 'Leave out --package or --remote.');
  const lines = offers.map((offer) => `  --${offer.kind} ${offer.number}  ${offer.label}`);
  const [kind] = asked;
  if (kind) {
    const number = countOf(textOf(options[kind]), `--${kind}`);
    const found = offers.find((offer) => offer.kind === kind && offer.number === number);
    if (found) return found;
    throw wrongUsage(`${name} has no ${kind} ${number}.`, ['There is:', ...lines].join('\n'));
  }
  const [first] = offers;
  const usable = offers.filter(({ reason }) => reason === undefined);
  if (usable.length > 1)
    throw wrongUsage(`${name} is to be had in several ways.`, ['Choose one:', ...lines].join('\n'));
  const only = usable[0] ?? first;
  if (!only)
    throw wrongUsage(`${name} names no package and no remote.`, 'See its repository: `fairlead catalog show`.');
  return only;
}

export const valueOptions: readonly OptionSpec[] = [
  {
    flags: '--value <value...>',
    help: `NAME=VALUE for what it asks for; VALUE may be \${env:NAME} of the server or \${file:path} from here`,
  },
  { flags: '--values-file <file>', help: 'such values as a JSON object, for secrets; - is standard input' },
];

/**
 * What was given, by name. A file that a value refers to is read here, unless only references are wanted.
 *
 * @returns also the names whose values stood on the command line
 */
export async function givenValues(
  { cwd, stdin }: Pick<CliContext, 'cwd' | 'stdin'>,
  options: CommandInput['options'],
  { readFiles }: { readFiles: boolean },
): Promise<{ given: Given; onCommandLine: string[] }> {
  const given = new Map<string, GivenValue[]>();
  const add = async (name: string, text: string) => {
    const value = await valueFor(text, cwd, readFiles);
    given.set(name, [...(given.get(name) ?? []), value]);
  };
  const file = textOf(options.valuesFile);
  if (file !== undefined) {
    for (const [name, value] of Object.entries(await readValues(file, cwd, stdin))) {
      for (const text of Array.isArray(value) ? value : [value]) {
        if (typeof text === 'object') throw wrongUsage(`The value of ${name} in ${file} must be text.`);
        await add(name, String(text));
      }
    }
  }
  const onCommandLine: string[] = [];
  for (const pair of textsOf(options.value)) {
    const [, name, text] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || text === undefined) throw wrongUsage('It is written --value NAME=VALUE.');
    await add(name.trim(), text);
    if (!text.includes('${')) onCommandLine.push(name.trim());
  }
  return { given, onCommandLine };
}

async function valueFor(text: string, cwd: string, readFiles: boolean): Promise<GivenValue> {
  const path = /^\$\{file:([^{}]+)\}$/.exec(text)?.[1];
  if (path === undefined || !readFiles) return { text };
  const whole = await readFile(resolve(cwd, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw wrongUsage(`The file ${path} cannot be read (${error.code}).`, 'Check its path.');
  });
  return { text: whole.replace(/\r?\n$/, ''), reference: text };
}

async function readValues(file: string, cwd: string, stdin: CliContext['stdin']): Promise<Record<string, unknown>> {
  const such = 'Such as {"API_KEY": "..."}';
  let text: string;
  try {
    text = file === '-' ? await readAll(stdin) : await readFile(resolve(cwd, file), 'utf8');
    const value = parseJson(text);
    if (isObject(value)) return value;
  } catch (error) {
    const reason = error instanceof JsonFault ? error.message : (error as NodeJS.ErrnoException).code;
    throw wrongUsage(`The values in ${file} cannot be read: ${reason}.`, such);
  }
  throw wrongUsage(`The values in ${file} must be a JSON object.`, such);
}
