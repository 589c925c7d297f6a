import { defaultOrg } from '../kernel/principal.ts';
import type { ReferenceState, Secrets, Standing } from '../platform/secrets/index.ts';
import { type LocalWorld, lookUpLocally } from '../platform/secrets/local.ts';
import { type LookUp, nameOf } from '../platform/secrets/reference.ts';
import { placeSecrets } from './assemble.ts';
import { at, type Fault, type Path, renderPath } from './faults.ts';
import { type Expanded, expandReferences, type PlacedReference } from './references.ts';
import type { DeclaredUpstream, FileSettings } from './schema.ts';
import { secretsSettings } from './secrets-schema.ts';

const secretName = /key|token|secret|passw|auth|credential|bearer|cookie|signature/i;

/** What works without a secret, and says so; everything else has to have its own when it starts. */
const patient = ['upstreams', 'models', 'knowledge'];

/** Whether what stands there may be without its secret for a while. */
export function mayLack([section, part]: Path): boolean {
  if (section === 'knowledge' && part === 'encryption') return false; // its documents would seem lost
  return patient.some((name) => name === section);
}

/** The file's references, looked up. */
export interface FileSecrets {
  lookUp: LookUp;
  /** How each reference is. */
  states(standing: readonly Standing[]): ReferenceState[];
  /** Ends what was opened for this one reading. */
  done(): Promise<void>;
}

interface Reading {
  document: unknown;
  references: readonly PlacedReference[];
  world: LocalWorld;
  /** A port that is open already, and stays so. */
  given: Secrets | undefined;
}

/** Opens the vault that the file names, where anything needs one, and asks it for all that the file refers to. */
export async function openFileSecrets({ document, references, world, given }: Reading): Promise<FileSecrets> {
  const local: LookUp = (reference) => lookUpLocally(reference, world);
  const needed = references.filter(({ kind, path }) => kind === 'vault' && path[0] !== 'secrets');
  if (!given && needed.length === 0) {
    return { lookUp: local, states: (standing) => standing.map(stateHere(local)), done: async () => {} };
  }
  const { createSecrets } = await import('../platform/secrets/index.ts'); // heavy, and most files need none of it
  const secrets = given ?? createSecrets({ log: await silentLog() });
  const section = expandReferences(at(document, ['secrets']) ?? {}, local);
  const parsed = secretsSettings.safeParse(section.value);
  const isSound = parsed.success && section.faults.length === 0;
  try {
    // What is wrong there is told with the rest of the file; whoever has a vault open goes on with that.
    const vault = isSound ? placeSecrets(parsed.data, world.baseDir).vault : 'as before';
    secrets.open({ ...world, vault });
  } catch {
    secrets.open({ ...world, vault: 'as before' }); // its authority cannot be read, which is told as well
  }
  await secrets.fetch(needed.map(({ name }) => name));
  return {
    lookUp: secrets.lookUp,
    states: secrets.states,
    done: async () => (given ? undefined : secrets.stop()),
  };
}

const stateHere =
  (lookUp: LookUp) =>
  (standing: Standing): ReferenceState => {
    const found = lookUp(standing);
    return { ...standing, ...('fault' in found ? { state: 'missing', reason: found.fault } : { state: 'resolves' }) };
  };

async function silentLog() {
  const { createLog } = await import('../platform/telemetry/log.ts');
  return createLog({ level: 'silent', service: 'fairlead' });
}

/** The references of the file with their places, as they are told to people. */
export function standingOf(document: unknown, references: readonly PlacedReference[]): Standing[] {
  return references.map(({ path, kind, name }) => {
    const org = path[0] === 'upstreams' ? at(document, [...path.slice(0, 2), 'org']) : undefined;
    return {
      place: renderPath(path),
      kind,
      name,
      ...(path[0] === 'upstreams' ? { org: typeof org === 'string' ? org : defaultOrg } : {}),
    };
  });
}

const isShown = (path: Path) =>
  path[0] === 'upstreams' && (path[2] === 'args' || path[2] === 'command' || path[2] === 'cwd');

/** References that must not stand where they do. */
export function standingFaults(references: readonly PlacedReference[]): Fault[] {
  return references.flatMap(({ path, kind }): Fault[] => {
    if (kind !== 'vault') return [];
    if (path[0] === 'secrets') return [{ path, text: 'what opens the vault cannot come from it: use env or file' }];
    if (!isShown(path)) return [];
    return [{ path, text: 'a secret of the vault would stand in the list of processes; pass it in env instead' }];
  });
}

/** References that may stand where they do, and had better not. */
export function standingWarnings(references: readonly PlacedReference[]): string[] {
  return references.flatMap(({ path, kind, name }) => {
    if (!isShown(path) || !(kind === 'file' || (kind === 'env' && secretName.test(name)))) return [];
    return [
      `${renderPath(path)}: \${${nameOf({ kind, name })}} stands in the list of processes, which everybody on this ` +
        'machine may read; if it is a secret, pass it in env instead',
    ];
  });
}

/** Upstreams with what references in them stand for, and those at fault that lack a secret. */
export function withSecrets(
  upstreams: FileSettings['upstreams'],
  { unresolved, secrets }: Pick<Expanded, 'unresolved' | 'secrets'>,
): Record<string, DeclaredUpstream> {
  const isOf = (name: string, { path }: { path: Path }) => path[0] === 'upstreams' && path[1] === name;
  return Object.fromEntries(
    Object.entries(upstreams).map(([name, upstream]) => {
      const fault = unresolved.find((one) => isOf(name, one))?.text;
      const given = [...new Set(secrets.filter((one) => isOf(name, one)).map(({ value }) => value))];
      const more = { ...(fault === undefined ? {} : { fault }), ...(given.length === 0 ? {} : { given }) };
      return [name, { ...upstream, ...more }];
    }),
  );
}
