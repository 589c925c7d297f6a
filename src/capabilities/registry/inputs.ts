import type { Argument, Input, KeyValue, Package, Remote } from './format.ts';

/** Something that a server asks for, under the name by which it is given. */
export interface Wanted {
  name: string;
  /** What it becomes. */
  where: 'environment' | 'header' | 'argument' | 'address';
  isRequired: boolean;
  isSecret: boolean;
  description?: string | undefined;
  default?: string | undefined;
  placeholder?: string | undefined;
  choices: readonly string[];
  format?: string | undefined;
  isRepeated?: boolean;
}

/** A text that was made of what the document says and what was given. */
export interface Part {
  text: string;
  /** The same for whoever looks on: references in the place of secrets. */
  shown: string;
}

/** A value as it was given. */
export interface GivenValue {
  text: string;
  /** The reference that it was read from. */
  reference?: string;
}

export type Given = ReadonlyMap<string, readonly GivenValue[]>;

const namesSecret = /key|token|secret|passw|credential|authorization|bearer|cookie|session|signature/i;
const wholeReference = /^(?:[A-Za-z]+ )?\$\{(?:env|file):[^{}]+\}$/;

/** All that a package asks for. */
export function wantedByPackage(pkg: Package): Wanted[] {
  const { environmentVariables, runtimeArguments, packageArguments } = pkg;
  return unique([
    ...environmentVariables.flatMap((each) => wantedByKey(each, 'environment')),
    ...runtimeArguments.flatMap((each) => (setsVariable(pkg, each) ? wantedByVariable(each) : wantedByArgument(each))),
    ...packageArguments.flatMap(wantedByArgument),
  ]);
}

/** All that a remote asks for. */
export function wantedByRemote({ url, variables, headers }: Remote): Wanted[] {
  const inUrl = Object.entries(variables).filter(([name]) => url.includes(`{${name}}`));
  return unique([
    ...inUrl.filter(([, each]) => each.value === undefined).map(([name, each]) => inAddress(name, each)),
    ...headers.flatMap((each) => wantedByKey(each, 'header')),
  ]);
}

export function wantedByKey(key: KeyValue, where: 'environment' | 'header'): Wanted[] {
  return key.value === undefined ? [wanted(key.name, key, where)] : wantedInside(key, where);
}

export function wantedByArgument(argument: Argument): Wanted[] {
  if (argument.value !== undefined) return wantedInside(argument, 'argument');
  if (isBareFlag(argument)) return [];
  return [{ ...wanted(argumentName(argument), argument, 'argument'), isRepeated: argument.isRepeated }];
}

// Without a value nothing of an address may stay away.
function inAddress(name: string, input: Input): Wanted {
  return { ...wanted(name, input, 'address'), isRequired: input.isRequired || input.default === undefined };
}

/** Whether an argument for a container's runtime only sets a variable: `-e NAME=value`. */
export function setsVariable({ registryType }: Package, { name, value }: Argument): boolean {
  return registryType === 'oci' && (name === '-e' || name === '--env') && /^\w+=/.test(value ?? '');
}

export function wantedByVariable(argument: Argument): Wanted[] {
  return wantedInside(argument, 'environment');
}

/** An argument of which nothing is said but its name: it is there, and nobody chooses. */
export function isBareFlag({ type, value, description, isRequired, isSecret, ...more }: Argument): boolean {
  const says = description !== undefined || isRequired || isSecret || more.choices.length > 0;
  return type === 'named' && value === undefined && !says && more.default === undefined && more.format === undefined;
}

export function argumentName({ type, name = '', valueHint = '' }: Argument): string {
  return type === 'named' ? name.replace(/^-+/, '') : valueHint;
}

function wantedInside(
  { value = '', variables, isSecret }: Pick<KeyValue, 'value' | 'variables' | 'isSecret'>,
  where: Wanted['where'],
): Wanted[] {
  return Object.entries(variables)
    .filter(([name, each]) => each.value === undefined && value.includes(`{${name}}`))
    .map(([name, each]) => wanted(name, { ...each, isSecret: each.isSecret || isSecret }, where));
}

function wanted(name: string, input: Input, where: Wanted['where']): Wanted {
  const { description, isRequired, placeholder, choices, format } = input;
  // Publishers forget to say so. On a command line what is said counts: `--token-limit` is no secret.
  const isSecret = input.isSecret || (where !== 'argument' && namesSecret.test(name));
  return { name, where, isRequired, isSecret, description, default: input.default, placeholder, choices, format };
}

// One value serves all that ask for it by the same name.
function unique(all: readonly Wanted[]): Wanted[] {
  const byName = new Map<string, Wanted>();
  for (const each of all) {
    const before = byName.get(each.name);
    if (!before) byName.set(each.name, each);
    else
      byName.set(each.name, {
        ...before,
        isRequired: before.isRequired || each.isRequired,
        isSecret: before.isSecret || each.isSecret,
      });
  }
  return [...byName.values()];
}

export interface Answers {
  /** The values for one that is wanted; undefined when there is none. What is wrong or missing is noted. */
  take(one: Wanted): readonly Part[] | undefined;
  /** All that is wrong, and all that is missing, each with what its publisher says about it. */
  faults(): string[];
  /** Variables that the shown texts refer to in the place of secrets. */
  variables(): string[];
  has(name: string): boolean;
  note(fault: string): void;
}

interface AnswersOptions {
  all: readonly Wanted[];
  given: Given;
  /** A secret that is not given is written as a reference, to be set later. */
  secretsLater: boolean;
}

/** What was given, held against what is asked for. */
export function createAnswers({ all, given, secretsLater }: AnswersOptions): Answers {
  const faults = new Set<string>();
  const variables = new Set<string>();
  const known = new Map(all.map((each) => [each.name, each]));
  for (const name of given.keys())
    if (!known.has(name)) {
      const names = [...known.keys()];
      faults.add(`${name}: is not asked for; ${names.length > 0 ? `there is ${names.join(', ')}` : 'nothing is'}`);
    }

  const asReference = (name: string): string => {
    const variable = name
      .replace(/\W+/g, '_')
      .replace(/^(?=\d)/, '_')
      .toUpperCase();
    variables.add(variable);
    return `\${env:${variable}}`;
  };

  function partOf({ name, isSecret, choices, format }: Wanted, { text, reference }: GivenValue): Part {
    const refers = wholeReference.test(text);
    if (!refers && choices.length > 0 && !choices.includes(text))
      faults.add(`${name}: must be one of ${choices.map(oneLine).join(', ')}`);
    if (!refers && format === 'number' && !/^-?\d+(\.\d+)?$/.test(text)) faults.add(`${name}: must be a number`);
    if (!refers && format === 'boolean' && !/^(true|false)$/.test(text)) faults.add(`${name}: must be true or false`);
    if (reference !== undefined) return { text, shown: reference };
    return { text, shown: isSecret && !refers && text !== '' ? asReference(name) : text };
  }

  return {
    take(asked) {
      const one = known.get(asked.name) ?? asked;
      const values = given.get(one.name);
      if (values && values.length > 1 && !asked.isRepeated) faults.add(`${one.name}: may be given once only`);
      // An empty text is a flag without a value to an argument, and nothing to all others.
      if (values && (one.where === 'argument' || values.some(({ text }) => text !== '')))
        return values.map((value) => partOf(one, value));
      if (asked.default !== undefined) return [{ text: asked.default, shown: asked.default }];
      if (one.isSecret && one.isRequired && secretsLater && one.where !== 'argument') {
        const reference = asReference(one.name);
        return [{ text: reference, shown: reference }];
      }
      if (one.isRequired) faults.add(missing(one));
      return undefined;
    },
    faults: () => [...faults],
    variables: () => [...variables],
    has: (name) => given.has(name),
    note: (fault) => void faults.add(fault),
  };
}

function missing(one: Wanted): string {
  const about = one.description ? `: ${oneLine(one.description)}` : '';
  const choices = one.choices.length > 0 ? ` (one of ${one.choices.map(oneLine).join(', ')})` : '';
  const example = one.placeholder ? ` (such as ${oneLine(one.placeholder)})` : '';
  return `${one.name} is missing, ${one.isSecret ? 'a secret ' : ''}${places[one.where]}${about}${choices}${example}`;
}

const places: Record<Wanted['where'], string> = {
  environment: 'in the environment',
  header: 'in a header',
  argument: 'on the command line',
  address: 'in the address',
};

/** Somebody else's words as part of a line. */
export function oneLine(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  return plain.length > 300 ? `${plain.slice(0, 299)}…` : plain;
}

/**
 * The text of a fixed value, once for each time that it may be repeated, with the variables put in. Undefined when a
 * variable that may stay away does; braces that name no variable stay as they are.
 */
export function filled(
  {
    value = '',
    variables,
    isRepeated = false,
  }: { value?: string; variables: Record<string, Input>; isRepeated?: boolean },
  inside: readonly Wanted[],
  answers: Answers,
  encode: (text: string) => string = (text) => text,
): readonly Part[] | undefined {
  const parts = new Map<string, readonly Part[]>();
  let isWhole = true;
  for (const [name, variable] of Object.entries(variables)) {
    if (!value.includes(`{${name}}`)) continue;
    const one = inside.find((each) => each.name === name);
    const found = one
      ? answers.take({ ...one, isRepeated })
      : [{ text: variable.value ?? '', shown: variable.value ?? '' }];
    if (found) parts.set(name, found);
    else isWhole = false;
  }
  if (!isWhole) return undefined;
  const times = Math.max(1, ...[...parts.values()].map(({ length }) => length));
  return Array.from({ length: times }, (_, index) => {
    const put = (pick: (part: Part) => string) =>
      value.replace(/\{([^{}]+)\}/g, (all: string, name: string) => {
        const found = parts.get(name);
        const part = found?.[Math.min(index, found.length - 1)];
        return part === undefined ? all : encode(pick(part));
      });
    return { text: put(({ text }) => text), shown: put(({ shown }) => shown) };
  });
}

/** The value of a variable or a header; undefined when there is none. */
export function keyedPart(key: KeyValue, where: 'environment' | 'header', answers: Answers): Part | undefined {
  const asked = wantedByKey(key, where);
  const [first] = asked;
  const found = key.value === undefined && first ? answers.take(first) : filled(key, asked, answers);
  return found?.[0];
}
