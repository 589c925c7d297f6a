import type { Argument, Package } from './format.ts';
import {
  type Answers,
  filled,
  isBareFlag,
  keyedPart,
  type Part,
  setsVariable,
  wantedByArgument,
  wantedByVariable,
} from './inputs.ts';

/** How a package is run: by a program that gets it from its registry. */
interface Runner {
  command: string;
  /** What makes the whole command line of the parts of it. */
  line(parts: { runtime: readonly Part[]; variables: readonly string[]; arguments: readonly Part[] }): Part[];
}

/** What is to be started. */
export interface Launch {
  command: string;
  args: Part[];
  env: Map<string, Part>;
}

/** Package runners by the kind of registry; the first one is taken when the document names none. */
const runners: Record<string, Record<string, (spec: string) => Runner>> = {
  npm: {
    npx: (spec) => ({
      command: 'npx',
      line: (parts) => [...agreed(parts.runtime, '-y', ['-y', '--yes']), plain(spec), ...parts.arguments],
    }),
    bunx: (spec) => ({ command: 'bunx', line: (parts) => [...parts.runtime, plain(spec), ...parts.arguments] }),
  },
  pypi: {
    uvx: (spec) => ({ command: 'uvx', line: (parts) => [...parts.runtime, plain(spec), ...parts.arguments] }),
    pipx: (spec) => ({
      command: 'pipx',
      line: (parts) => [plain('run'), ...parts.runtime, plain(spec.replace('@', '==')), ...parts.arguments],
    }),
  },
  oci: { docker: (image) => container('docker', image), podman: (image) => container('podman', image) },
  nuget: {
    dnx: (spec) => ({
      command: 'dnx',
      line: ({ runtime, arguments: given }) => [
        ...runtime.filter(({ text }) => text !== '--yes' && text !== '-y'),
        plain(spec),
        plain('--yes'),
        ...(given.length > 0 ? [plain('--'), ...given] : []),
      ],
    }),
  },
};

/** Names come from strangers, and every object has a `constructor`. */
const own = <T>(record: Record<string, T>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

const plain = (text: string): Part => ({ text, shown: text });

function agreed(runtime: readonly Part[], flag: string, same: readonly string[]): Part[] {
  return runtime.some(({ text }) => same.includes(text)) ? [...runtime] : [plain(flag), ...runtime];
}

function container(command: string, image: string): Runner {
  // Some documents say these themselves.
  const said = new Set(['run', '-i', '--interactive', '--rm', '-it', '-ti']);
  return {
    command,
    line: ({ runtime, variables, arguments: given }) => [
      ...['run', '-i', '--rm'].map(plain),
      ...runtime.filter(({ text }) => !said.has(text)),
      ...variables.flatMap((name) => ['-e', name]).map(plain),
      plain(image),
      ...given,
    ],
  };
}

// Only the names of packages: to some runners other texts are options, folders, or addresses of anything.
const identifiers: Record<string, RegExp> = {
  npm: /^(?:@[a-z0-9~][\w.~-]*\/)?[a-z0-9~][\w.~-]*$/i,
  pypi: /^[a-z0-9](?:[\w.-]*[a-z0-9])?$/i,
  oci: /^[a-z0-9][a-z0-9.-]*(?::\d+)?(?:\/[a-z0-9][\w.-]*)*(?::\w[\w.-]*)?(?:@sha256:[a-f0-9]{64})?$/i,
  nuget: /^[a-z0-9_][\w.-]*$/i,
};
const versionForm = /^v?[0-9a-z][\w.+!-]*$/i;
const versionRange = /(?:^|\.)[x*](?:\.|$)/i;

const usualBases: Record<string, RegExp> = {
  npm: /^https:\/\/registry\.npmjs\.(?:org|com)\/?$/,
  pypi: /^https:\/\/pypi\.(?:org|python\.org)(?:\/simple)?\/?$/,
  nuget: /^https:\/\/(?:api|www)\.nuget\.org(?:\/v3(?:\/index\.json)?)?\/?$/,
  oci: /^https:\/\/[\w.:-]+\/?$/, // becomes part of the image's name
};

/** How this package is run, or why it cannot be. */
export function runnerOf(pkg: Package): Runner | { reason: string } {
  const { registryType, identifier, version, transport, runtimeHint, registryBaseUrl } = pkg;
  const known = own(runners, registryType);
  if (!known)
    return {
      reason: own(unrunnable, registryType)?.(pkg) ?? `how a package of "${registryType}" is run is not known here`,
    };
  if (transport.type !== 'stdio') {
    return {
      reason:
        `it is a program that is reached over ${transport.type} at ${transport.url}; ` +
        'start it yourself and add its address with `fairlead upstreams add NAME URL`',
    };
  }
  if (!identifiers[registryType]?.test(identifier)) return { reason: `"${identifier}" is no name of such a package` };
  if (version !== undefined && (!versionForm.test(version) || versionRange.test(version)))
    return { reason: `"${version}" is not one version` };
  if (registryBaseUrl !== undefined && !usualBases[registryType]?.test(registryBaseUrl))
    return { reason: `it comes from ${registryBaseUrl}, and not from the usual place of such packages` };
  const hint = runtimeHint || Object.keys(known)[0] || '';
  const runner = own(known, hint);
  if (!runner) {
    const ways = Object.keys(known).join(' or ');
    return { reason: `it wants to be run by "${hint}"; such packages are run by ${ways} here` };
  }
  const secret = [...pkg.runtimeArguments, ...pkg.packageArguments]
    .filter((each) => !setsVariable(pkg, each))
    .flatMap((each) => (isNeeded(each) ? wantedByArgument(each) : []))
    .find(({ isSecret, isRequired }) => isSecret && isRequired);
  if (secret) return { reason: `its ${secret.name} ${onCommandLine}` };
  return runner(
    registryType === 'oci' ? imageOf(pkg) : version === undefined ? identifier : `${identifier}@${version}`,
  );
}

const onCommandLine = 'is a secret that it wants on its command line, which every user of the machine can read';
const isNeeded = ({ value, isRequired }: Argument) => value !== undefined || isRequired;

const unrunnable: Record<string, (pkg: Package) => string> = {
  mcpb: ({ identifier, fileSha256 }) =>
    'an MCP bundle has to be downloaded, checked and unpacked, which Fairlead does not do; get ' +
    `${identifier}${fileSha256 ? `, compare its SHA-256 with ${fileSha256}` : ''}, and add its program with ` +
    '`fairlead upstreams add NAME -- PROGRAM`',
  cargo: ({ identifier, version }) =>
    'a crate has to be built first; install it with ' +
    `\`cargo install ${identifier}${version ? `@${version}` : ''}\` and add its program with \`fairlead upstreams add\``,
};

function imageOf({ identifier, version, registryBaseUrl }: Package): string {
  const [first = ''] = identifier.split('/');
  const hasHost = identifier.includes('/') && /[.:]|^localhost$/.test(first);
  const host = registryBaseUrl === undefined || hasHost ? '' : `${new URL(registryBaseUrl).host}/`;
  return `${host}${identifier}${hasTag(identifier) || version === undefined ? '' : `:${version}`}`;
}

function hasTag(image: string): boolean {
  return /:[^/]+$/.test(image);
}

/** What somebody should know before this package runs. */
export function cautionsOf(pkg: Package): string[] {
  const { registryType, identifier, version, fileSha256, runtimeArguments } = pkg;
  const cautions: string[] = [];
  const said = registryType === 'oci' ? (/:([^/:@]+)(?:@|$)/.exec(identifier)?.[1] ?? version) : version;
  const pinned = said !== undefined && !['latest', 'next', 'main', 'master', 'edge'].includes(said.toLowerCase());
  if (!pinned && !identifier.includes('@sha256:') && registryType !== 'mcpb')
    cautions.push(`${identifier} is not pinned to a version: what runs may change without notice`);
  if (fileSha256 && Object.hasOwn(runners, registryType))
    cautions.push(
      `the SHA-256 that it names (${fileSha256}) is not checked by what downloads it; compare it yourself where it matters`,
    );
  const reaching = runtimeArguments.filter(
    (each) => registryType === 'oci' && !setsVariable(pkg, each) && !isHarmless(each),
  );
  if (reaching.length > 0) {
    const names = reaching.map(({ name, value, valueHint }) => [name, value ?? valueHint].filter(Boolean).join(' '));
    cautions.push(`its container is started with ${names.join(', ')}: look at what that opens to it`);
  }
  return cautions;
}

const isHarmless = ({ name = '', value = '' }: Argument) =>
  /^(?:run|-i|--interactive|--rm|-it|-ti|--pull|--name|--platform)$/.test(name || value);

/** The program to start, with what was given. What is wrong or missing is noted with the answers. */
export function launchOf(pkg: Package, runner: Runner, answers: Answers): Launch {
  const env = new Map<string, Part>();
  for (const each of pkg.environmentVariables) {
    const value = keyedPart(each, 'environment', answers);
    if (value && value.text !== '') env.set(each.name, value);
  }
  const runtime = pkg.runtimeArguments.flatMap((each) => {
    if (!setsVariable(pkg, each)) return argumentParts(each, answers);
    // `-e NAME=value` would show the value in process lists: the container takes it from the environment instead.
    for (const { text, shown } of filled(each, wantedByVariable(each), answers) ?? []) {
      const cut = (whole: string) => whole.slice(whole.indexOf('=') + 1);
      env.set(text.slice(0, text.indexOf('=')), { text: cut(text), shown: cut(shown) });
    }
    return [];
  });
  const given = pkg.packageArguments.flatMap((each) => argumentParts(each, answers));
  const args = runner.line({ runtime, variables: [...env.keys()], arguments: given });
  return { command: runner.command, args, env };
}

function argumentParts(argument: Argument, answers: Answers): Part[] {
  const { name = '' } = argument;
  if (isBareFlag(argument)) return [plain(name)];
  const asked = wantedByArgument(argument);
  const [first] = asked;
  const secret = asked.find(({ isSecret }) => isSecret);
  if (secret) {
    // One that must be given makes the whole package unusable.
    if (answers.has(secret.name)) answers.note(`${secret.name}: ${onCommandLine}; leave it out`);
    return [];
  }
  const parts = argument.value === undefined && first ? answers.take(first) : filled(argument, asked, answers);
  if (!parts) return [];
  return parts.flatMap((part) => {
    if (argument.type === 'positional') return [part];
    if (part.text === '') return [plain(name)];
    // The format says `--flag=value`; what has one dash, or none, takes its value as the next argument.
    return name.startsWith('--')
      ? [{ text: `${name}=${part.text}`, shown: `${name}=${part.shown}` }]
      : [plain(name), part];
  });
}
