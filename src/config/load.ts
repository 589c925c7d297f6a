import { join, resolve } from 'node:path';
import type { ReferenceState, Secrets } from '../platform/secrets/index.ts';
import { assembleServer, placeModels, placeSecrets, placeUpstreams } from './assemble.ts';
import { crossCheck } from './checks.ts';
import { makeDataDir } from './datadir.ts';
import type { ConfigDocument } from './document.ts';
import { configInvalid } from './errors.ts';
import { at, didYouMean, type Fault, type Path, renderFault, renderPath, schemaFaults } from './faults.ts';
import { findFile, localIn, readFile } from './file.ts';
import { type Flags, flagValue, fromEnvironment, fromFlags, settingOptions } from './options.ts';
import { parseFile } from './parse.ts';
import { expandReferences, findReferences } from './references.ts';
import { createReport, type IsSound } from './report.ts';
import { fileSchema, type ServerSettings, type Settings } from './schema.ts';
import { findSecret, readOtherSecrets, readSecret } from './secret.ts';
import { mayLack, openFileSecrets, standingFaults, standingOf, standingWarnings, withSecrets } from './standing.ts';

export interface LoadOptions {
  env: NodeJS.ProcessEnv;
  /** Flags of the command line by name without dashes; camel case will do. */
  flags: Flags;
  /** Folder that relative paths of environment and flags refer to. */
  cwd: string;
  /** False only looks: no data folder and no secret are made. */
  prepare?: boolean;
  /** What references are looked up in, and kept by; without it a vault is asked once and let go. */
  secrets?: Secrets;
  /** What the parts that use the settings have to say about them. Its faults are told together with the others. */
  further?(settings: Settings, isSound: IsSound): Promise<readonly string[]>;
}

export interface LoadedSettings {
  settings: Settings;
  warnings: string[];
  /** How each reference of the file is. */
  references: ReferenceState[];
  /** Files that the settings came from, or would, absolute: when one changes, loading again may give something else. */
  sources: string[];
}

/**
 * Reads all settings; flags win over the environment, the environment over the file, the file over the defaults.
 * Throws `ConfigInvalid` with every fault at once, each by its place and without the value.
 */
export async function loadSettings(options: LoadOptions): Promise<LoadedSettings> {
  const { env, flags, cwd, prepare = true, further } = options;
  const source = findFile(env, flags, cwd);
  const { document, name, baseDir, unread } = readFile(source);
  const [fromEnv, fromLine] = [fromEnvironment(env), fromFlags(flags)];
  const given: ServerSettings = { ...fromEnv.values, ...fromLine.values };
  const report = createReport({ document, name, unread, fromEnv, fromLine });
  const { isSound } = report;

  const { dataDir, faults: dataDirFaults } = findDataDir(given, document, { env, baseDir, cwd });
  const placed = findReferences(document.value);
  const world = { env, baseDir, dataDir };
  const opened = await openFileSecrets({ document: document.value, references: placed, world, given: options.secrets });
  const expanded = expandReferences(document.value, opened.lookUp, mayLack);
  const standing = standingOf(document.value, placed);
  const references = opened.states(standing);
  await opened.done();
  const parsed = parseFile(expanded);
  const misplaced = standingFaults(placed);
  const isMisplaced = (fault: Fault) => misplaced.some(({ path }) => renderPath(path) === renderPath(fault.path));
  report.add([...dataDirFaults, ...misplaced]);
  report.add([...expanded.faults.filter((fault) => !isMisplaced(fault)), ...parsed.faults]);

  const { server: fileServer, ...rest } = parsed.file;
  const server: ServerSettings = { ...fileServer, ...given };
  const settings: Settings = {
    ...rest,
    ...assembleServer(server, { baseDir, dataDir, allowAnonymous: flagValue(flags, 'allow-anonymous') === true }),
    ...(source.kind === 'none' ? {} : { configFile: source.file }),
    upstreams: withSecrets(placeUpstreams(rest.upstreams, baseDir), expanded),
    secrets: placeSecrets(rest.secrets, baseDir),
    models: placeModels(rest.models, baseDir),
    variables: Object.fromEntries(rest.runtimeVariables.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
    policies: { ...rest.policies, ...(rest.policies.folder ? { folder: resolve(baseDir, rest.policies.folder) } : {}) },
  };
  const checked = crossCheck({ settings, said: parsed.said, isSound });
  report.add(checked.faults);

  const keeper = findSecret({ fromLine: fromLine.values, fromEnv: fromEnv.values, fileServer, cwd, baseDir });
  const sharesDatabase = settings.databaseUrl !== undefined || !isSound(['server', 'databaseUrl']);
  if (keeper.kind === 'fault') report.say(keeper.text);
  else if (keeper.kind === 'file') {
    const found = await readSecret(keeper, dataDir, false);
    if ('fault' in found) report.say(found.fault);
  } else if (keeper.kind === 'data' && sharesDatabase && secretKeys.every((key) => isSound(['server', key]))) {
    report.say('FAIRLEAD_SECRET: is missing; with DATABASE_URL it must be given, the same to every replica');
  }
  const others = await readOtherSecrets({
    fromLine: fromLine.values,
    fromEnv: fromEnv.values,
    fileServer,
    cwd,
    baseDir,
  });
  if ('fault' in others) report.say(others.fault);
  if (further) report.say(...(await further(settings, isSound)));
  const faults = report.all();
  if (faults.length > 0) throw configInvalid(faults);

  // The reason first: behind the name of a secret setting, such as a header's, the log would take it for the secret.
  const unresolved = expanded.unresolved.map(({ path, text }) => `${text} (for ${renderPath(path)})`);
  const warnings = [...checked.warnings, ...standingWarnings(placed), ...unresolved, ...strayVariables(env)];
  const unmade = prepare ? await makeDataDir(dataDir) : undefined;
  if (unmade !== undefined) throw configInvalid([unmade]);
  const secret = await readSecret(keeper, dataDir, prepare);
  if ('fault' in secret) throw configInvalid([secret.fault]);
  if (secret.secret) settings.secret = secret.secret;
  if ('secrets' in others && others.secrets.length > 0) settings.otherSecrets = others.secrets;
  warnings.push(...secret.warnings);

  options.secrets?.keep('file', standing);
  // Whoever began without a file of its own may write one later.
  const own = source.kind === 'given' ? [] : [join(cwd, 'fairlead.yaml')];
  const sources = [...own, ...(source.kind === 'none' ? [] : [source.file]), ...expanded.files];
  return { settings, warnings, references, sources: [...new Set(sources)] };
}

/**
 * How each reference of the file is now, whatever else is wrong with it. Makes nothing. Throws `ConfigInvalid` where the
 * file cannot be read.
 */
export async function checkReferences({
  env,
  flags,
  cwd,
}: Pick<LoadOptions, 'env' | 'flags' | 'cwd'>): Promise<ReferenceState[]> {
  const { document, name, baseDir, unread } = readFile(findFile(env, flags, cwd));
  const faults = document.faults.map((fault) => renderFault(fault, name));
  if (unread !== undefined || faults.length > 0) throw configInvalid(unread === undefined ? faults : [unread]);
  const references = findReferences(document.value);
  const given: ServerSettings = { ...fromEnvironment(env).values, ...fromFlags(flags).values };
  const { dataDir } = findDataDir(given, document, { env, baseDir, cwd });
  const world = { env, baseDir, dataDir };
  const opened = await openFileSecrets({ document: document.value, references, world, given: undefined });
  const misplaced = new Map(standingFaults(references).map(({ path, text }) => [renderPath(path), text]));
  const states = opened.states(standingOf(document.value, references)).map((state): ReferenceState => {
    const fault = state.kind === 'vault' ? misplaced.get(state.place) : undefined;
    return fault === undefined ? state : { ...state, state: 'missing', reason: fault };
  });
  await opened.done();
  return states;
}

/** The data folder that the settings name, also where something else is wrong with them. */
export function nameDataDir({ env, flags, cwd }: Pick<LoadOptions, 'env' | 'flags' | 'cwd'>): string {
  const { document, baseDir } = readFile(findFile(env, flags, cwd));
  const given: ServerSettings = { ...fromEnvironment(env).values, ...fromFlags(flags).values };
  return findDataDir(given, document, { env, baseDir, cwd }).dataDir;
}

/** The registry that the file names, also where something else is wrong with it. Throws `ConfigInvalid`. */
export function nameRegistry({ env, flags, cwd }: Pick<LoadOptions, 'env' | 'flags' | 'cwd'>): string {
  const { document, name, baseDir } = readFile(findFile(env, flags, cwd));
  const path = ['registry'];
  const expanded = expandReferences(at(document.value, path) ?? {}, localIn({ env, baseDir }));
  const schema = fileSchema.shape.registry;
  const parsed = schema.safeParse(expanded.value);
  const faults = [
    ...expanded.faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] })),
    ...(parsed.success ? [] : schemaFaults(schema, parsed.error.issues, expanded.value, path)),
  ];
  if (!parsed.success || faults.length > 0)
    throw configInvalid(faults.map((fault) => renderFault({ line: document.lineOf(fault.path), ...fault }, name)));
  return parsed.data.url;
}

const secretKeys = ['secret', 'secretFile'] as const;

// The data folder must be known before the rest of the file, whose references may point into it.
function findDataDir(
  given: ServerSettings,
  document: ConfigDocument,
  { env, baseDir, cwd }: { env: NodeJS.ProcessEnv; baseDir: string; cwd: string },
  path: Path = ['server', 'dataDir'],
): { dataDir: string; faults: Fault[] } {
  const { value, faults } = expandReferences(at(document.value, path), localIn({ env, baseDir }));
  const placed = faults.map(({ text }) => ({ path, text }));
  if (given.dataDir !== undefined) return { dataDir: resolve(cwd, given.dataDir), faults: placed };
  const dataDir = typeof value === 'string' && value !== '' ? resolve(baseDir, value) : resolve(cwd, '.fairlead');
  return { dataDir, faults: placed };
}

/** Variables of the command line tool and of the launcher, which are no settings of the server. */
const otherVariables = ['FAIRLEAD_URL', 'FAIRLEAD_KEY', 'FAIRLEAD_CONFIG'];

function strayVariables(env: NodeJS.ProcessEnv): string[] {
  const known = [...settingOptions.map((option) => option.env), ...otherVariables];
  return Object.keys(env)
    .filter((name) => name.startsWith('FAIRLEAD_') && !known.includes(name))
    .map((name) => `the environment variable ${name} is no setting${didYouMean(name, known)}`);
}
