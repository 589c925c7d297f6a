import {
  type EndpointChoice,
  type EndpointSettings,
  endpointChoice,
  endpointName,
  type Presentation,
} from '../../config/schema.ts';
import { InvalidRequest, NotFound } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import { createBook, type Entry } from '../../platform/book/index.ts';
import type { Bus } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { EndpointDeclared, EndpointLimit } from './errors.ts';

/** A named endpoint as those who administer see it. */
export interface Endpoint {
  name: string;
  source: 'file' | 'runtime';
  settings: EndpointChoice;
  /** Role of callers without a token; only in the file. */
  anonymous?: EndpointSettings['anonymous'];
  /** Id of the principal, and milliseconds since the epoch; only of those added at run time. */
  changedBy?: string;
  changedAt?: number;
}

/** The named endpoints: those of the file, and those added while the server runs, which every replica follows. */
export interface Endpoints {
  /** Answered from memory, with the same object as long as it has not changed. Another tenant's are not there. */
  find(org: OrgId, name: string): EndpointChoice | undefined;
  names(org: OrgId): readonly string[];
  list(org: OrgId): Endpoint[];
  /** Whoever it belongs to. */
  exists(name: string): boolean;
  /** The one that the file declares; undefined for none of that name. */
  declaredAs(name: string): EndpointSettings | undefined;
  declared(): Record<string, EndpointSettings>;
  /** How tools are shown at the plain endpoint, which selects none. */
  plain(): Presentation;
  /** Takes the declarations of a reloaded file; they win over what was added under the same name. */
  redeclare(declared: Record<string, EndpointSettings>, plain: Presentation): void;
  /** Adds or replaces. @throws InvalidRequest, EndpointDeclared, EndpointLimit */
  put(org: OrgId, name: string, settings: unknown, by: string): Promise<Endpoint>;
  /** @throws NotFound, EndpointDeclared */
  remove(org: OrgId, name: string): Promise<void>;
  /** Returns the way to stop listening. */
  onChange(listener: () => void): () => void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Deps {
  db: Db;
  bus: Bus;
  log: Log;
  declared: Record<string, EndpointSettings>;
  plain: Presentation;
  pollMs?: number;
}

const maxPerOrg = 100;

export function createEndpointBook({ db, bus, log, pollMs = 2_000, ...initially }: Deps): Endpoints {
  let { declared, plain } = initially;
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };

  const book = createBook<EndpointChoice>({
    db,
    bus,
    log,
    table: 'endpoints',
    topic: 'endpoints.changed',
    what: 'the endpoints added at run time',
    // What was stored by an older version may lack settings that have a default by now.
    read: ({ settings }) => endpointChoice.parse(settings),
    changed,
    maxPerOrg,
    full: (limit) => EndpointLimit({ limit }),
    pollMs,
  });

  const declaredAs = (name: string) => (Object.hasOwn(declared, name) ? declared[name] : undefined);
  const list = (org: OrgId): Endpoint[] => {
    const inFile = Object.entries(declared).filter(([, settings]) => settings.org === org);
    const added = book.all().filter((one) => one.org === org && !declaredAs(one.name));
    return [
      ...inFile.map(([name, { org: _, anonymous, ...settings }]): Endpoint => {
        return { name, source: 'file', settings, ...(anonymous === undefined ? {} : { anonymous }) };
      }),
      ...added.map(toEndpoint),
    ].sort((a, b) => (a.name < b.name ? -1 : 1));
  };

  return {
    find(org, name) {
      const inFile = declaredAs(name);
      return inFile ? (inFile.org === org ? inFile : undefined) : book.find(org, name)?.settings;
    },
    names: (org) => list(org).map(({ name }) => name),
    list,
    exists: (name) => declaredAs(name) !== undefined || book.all().some((one) => one.name === name),
    declaredAs,
    declared: () => declared,
    plain: () => plain,
    redeclare(nextDeclared, nextPlain) {
      declared = nextDeclared;
      plain = nextPlain;
      changed();
    },

    async put(org, name, input, by) {
      const settings = parsed(name, input);
      if (declaredAs(name)) throw EndpointDeclared({ name });
      return toEndpoint(await book.put(org, name, { kept: settings as JsonObject, used: settings }, by));
    },

    async remove(org, name) {
      if (declaredAs(name)?.org === org) throw EndpointDeclared({ name });
      if (!(await book.remove(org, name))) throw NotFound({ what: 'endpoint', id: name.slice(0, 100) });
    },

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: book.start,
    stop: book.stop,
  };
}

function parsed(name: string, input: unknown): EndpointChoice {
  const named = endpointName.safeParse(name);
  const settings = endpointChoice.safeParse(input);
  const faults = [
    ...(named.error?.issues ?? []).map(({ message }) => `name: ${message}`),
    ...(settings.error?.issues ?? []).map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`),
  ];
  if (faults.length > 0 || !settings.success) throw InvalidRequest({ faults });
  return settings.data;
}

function toEndpoint({ name, settings, changedBy, changedAt }: Entry<EndpointChoice>): Endpoint {
  return { name, source: 'runtime', settings, changedBy, changedAt };
}
