import { findReferences } from '../../../config/references.ts';
import {
  type DestinationChoice,
  type DestinationOfAny,
  type DestinationSettings,
  destinationChoice,
  destinationName,
  listOfSecrets,
} from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { InvalidRequest, NotFound } from '../../../kernel/errors.ts';
import { type Destination, isOfPattern, type Told } from '../../../kernel/events.ts';
import { isObject } from '../../../kernel/json.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import { createBook, type Entry } from '../../../platform/book/index.ts';
import type { Bus } from '../../../platform/bus/index.ts';
import type { Db } from '../../../platform/db/index.ts';
import type { Keyring } from '../../../platform/keyring/index.ts';
import type { Standing } from '../../../platform/secrets/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { DestinationDeclared, DestinationUnreadable, NothingToRotate, TooManyDestinations } from '../errors.ts';
import { type Added, newSecret, opened, sealed, shownOf, table } from './sealing.ts';

/** A destination as those who administer see it: without its secrets. */
export interface ShownDestination {
  name: string;
  source: 'file' | 'runtime';
  settings: Record<string, unknown>;
  /** Why it cannot be used. */
  fault?: string;
  /** Id of the principal, and milliseconds since the epoch; only of those added at run time. */
  changedBy?: string;
  changedAt?: number;
}

/** One that was added or got a new secret: that is told this once. */
export interface MadeDestination extends ShownDestination {
  secret?: string;
}

/** Where events go: destinations of the file, and those added while the server runs, which every replica follows. */
export interface Destinations {
  list(org: OrgId): ShownDestination[];
  /** Adds or replaces. @throws InvalidRequest, DestinationDeclared, TooManyDestinations, and what a blocked address throws */
  put(org: OrgId, name: string, settings: unknown, by: string): Promise<MadeDestination>;
  /** Signs with a new secret, too, and with the present ones for so long. @throws NotFound, DestinationDeclared, Conflict */
  rotate(org: OrgId, name: string, overlapMs: number, by: string): Promise<MadeDestination>;
  /** @throws NotFound, DestinationDeclared */
  remove(org: OrgId, name: string): Promise<void>;
  /** Of all organisations, those that can be used. */
  known(): readonly KnownDestination[];
  find(org: OrgId, name: string): KnownDestination | undefined;
  /** Those that are to get an event. */
  for(event: Pick<Told, 'org' | 'type'>): readonly KnownDestination[];
  declared(): Readonly<Record<string, DestinationSettings>>;
  /** Takes the declarations of a reloaded file; they win over what was added under the same name. */
  redeclare(declared: Record<string, DestinationSettings>): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface KnownDestination
  extends Pick<DestinationOfAny, 'type' | 'events' | 'attempts' | 'timeoutSeconds' | 'firstRetrySeconds'> {
  org: OrgId;
  name: string;
  /** With secrets in place. Throws where one of them cannot be had. */
  ready(): Promise<Destination<DestinationOfAny>>;
}

export interface DestinationsDeps {
  db: Db;
  bus: Bus;
  keyring: Keyring;
  clock: Clock;
  log: Log;
  declared: Record<string, DestinationSettings>;
  /** Puts values in the place of references; for what was added at run time. Throws for those that are not allowed. */
  resolve(text: string, org: OrgId): Promise<string>;
  /** References in use. */
  keep(standing: readonly Standing[]): void;
  /** Throws for an address that a user may not name. */
  assertAllowed(url: string): Promise<void>;
}

const maxPerOrg = 100;
const unreadable = 'its settings cannot be read; they have to be given again';

export function createDestinations(deps: DestinationsDeps): Destinations {
  const { db, bus, keyring, clock, log, resolve, keep, assertAllowed } = deps;
  let { declared } = deps;

  const book = createBook<Added | undefined>({
    db,
    bus,
    log,
    table,
    topic: 'events.destinations.changed',
    what: 'the event destinations added at run time',
    read(row) {
      try {
        return opened(keyring, row);
      } catch (error) {
        log.error({ err: error, org: row.org, destination: row.name }, 'an event destination cannot be used');
        return undefined;
      }
    },
    changed: () => keep(book.all().flatMap(standingOf)),
    maxPerOrg,
    full: (limit) => TooManyDestinations({ limit }),
  });

  const declaredAs = (org: OrgId, name: string) => {
    const one = Object.hasOwn(declared, name) ? declared[name] : undefined;
    return one?.org === org ? one : undefined;
  };
  const added = (org: OrgId, name: string) => {
    if (declaredAs(org, name)) throw DestinationDeclared({ name });
    return book.find(org, name);
  };

  const fromFile = (name: string, { org, ...settings }: DestinationSettings): KnownDestination => ({
    ...pick(settings),
    org,
    name,
    ready: async () => ({ org, name, isFromFile: true, settings }),
  });
  const fromBook = ({ org, name, settings: one }: Entry<Added | undefined>): KnownDestination[] => {
    if (!one || declaredAs(org, name)) return [];
    const ready = async () => ({ org, name, isFromFile: false, settings: await resolved(one, org) });
    return [{ ...pick(one.settings), org, name, ready }];
  };
  const known = () => [
    ...Object.entries(declared).map(([name, one]) => fromFile(name, one)),
    ...book.all().flatMap(fromBook),
  ];
  const find: Destinations['find'] = (org, name) => {
    const inFile = declaredAs(org, name);
    if (inFile) return fromFile(name, inFile);
    const entry = book.find(org, name);
    return entry && fromBook(entry)[0];
  };

  const resolved = async ({ settings, retiring }: Added, org: OrgId): Promise<DestinationChoice> => {
    const now = clock.now();
    const old = retiring.filter(({ until }) => until > now).map(({ secret }) => secret);
    const all =
      settings.type === 'webhook' ? { ...settings, secrets: [...listOfSecrets(settings.secrets), ...old] } : settings;
    return (await mapTexts(all, (text) => (text.includes('${') ? resolve(text, org) : text))) as DestinationChoice;
  };

  const keepIt = async (org: OrgId, name: string, one: Added, by: string) => {
    const kept = sealed(keyring, org, name, one);
    return toShown(await book.put(org, name, { kept, used: one }, by));
  };

  return {
    list(org) {
      const inFile = Object.entries(declared).filter(([, one]) => one.org === org);
      return [
        ...inFile.map(([name, { org: _, ...settings }]): ShownDestination => {
          return { name, source: 'file', settings: shownOf(settings) };
        }),
        ...book
          .all()
          .filter((one) => one.org === org && !declaredAs(org, one.name))
          .map(toShown),
      ].sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async put(org, name, input, by) {
      const before = added(org, name)?.settings;
      const [given, secret] = withSecrets(input, before?.settings);
      const settings = parsed(name, given);
      const one = { settings, retiring: secret === undefined ? (before?.retiring ?? []) : [] };
      const all = await resolved(one, org);
      await assertAllowed(all.url);
      return { ...(await keepIt(org, name, one, by)), ...(secret === undefined ? {} : { secret }) };
    },
    async rotate(org, name, overlapMs, by) {
      const entry = added(org, name);
      if (!entry) throw NotFound({ what: 'destination', id: name.slice(0, 100) });
      const one = entry.settings;
      if (!one) throw DestinationUnreadable({ name });
      const { settings } = one;
      if (settings.type !== 'webhook') throw NothingToRotate({ name });
      const secret = newSecret();
      const until = clock.now() + overlapMs;
      const retiring = [
        ...one.retiring.filter((old) => old.until > clock.now()),
        ...listOfSecrets(settings.secrets).map((old) => ({ secret: old, until })),
      ].slice(-5);
      const next = { settings: { ...settings, secrets: [secret] }, retiring };
      return { ...(await keepIt(org, name, next, by)), secret };
    },
    async remove(org, name) {
      added(org, name);
      if (!(await book.remove(org, name))) throw NotFound({ what: 'destination', id: name.slice(0, 100) });
    },
    known,
    find,
    for: ({ org, type }) =>
      known().filter((one) => one.org === org && one.events.some((pattern) => isOfPattern(pattern, type))),
    declared: () => declared,
    redeclare(next) {
      declared = next;
    },
    start: book.start,
    stop: book.stop,
  };
}

function pick({ type, events, attempts, timeoutSeconds, firstRetrySeconds }: DestinationOfAny) {
  return { type, events, attempts, timeoutSeconds, firstRetrySeconds };
}

function toShown({ name, settings: one, changedBy, changedAt }: Entry<Added | undefined>): ShownDestination {
  const shown = one ? { settings: shownOf(one.settings) } : { settings: {}, fault: unreadable };
  return { name, source: 'runtime', ...shown, changedBy, changedAt };
}

/** A webhook that is given no secret keeps the one that it has, or gets a new one. */
function withSecrets(input: unknown, before: DestinationChoice | undefined): [unknown, secret?: string] {
  if (!isObject(input) || input.type !== 'webhook' || input.secrets !== undefined) return [input];
  if (before?.type === 'webhook') return [{ ...input, secrets: before.secrets }];
  const secret = newSecret();
  return [{ ...input, secrets: [secret] }, secret];
}

function parsed(name: string, input: unknown): DestinationChoice {
  const named = destinationName.safeParse(name);
  const settings = destinationChoice.safeParse(input);
  const faults = [
    ...(named.error?.issues ?? []).map(({ message }) => `name: ${message}`),
    ...(settings.error?.issues ?? []).map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`),
  ];
  if (faults.length > 0 || !settings.success) throw InvalidRequest({ faults });
  return settings.data;
}

function standingOf({ org, name, settings }: Entry<Added | undefined>): Standing[] {
  return findReferences(settings).map(({ kind, name: what }) => ({
    place: `events.destinations.${name}`,
    org,
    kind,
    name: what,
  }));
}

async function mapTexts(value: unknown, change: (text: string) => string | Promise<string>): Promise<unknown> {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return Promise.all(value.map((one) => mapTexts(one, change)));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(async ([key, one]) => [key, await mapTexts(one, change)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
