import type { z } from 'zod';
import { renderPath, schemaFaults } from '../../config/faults.ts';
import { isObject } from '../../kernel/json.ts';
import {
  knownSchema,
  type Listed,
  officialMeta,
  officialSchema,
  packageSchema,
  type Read,
  remoteSchema,
  serverSchema,
} from './format.ts';

const maxEntries = 20_000;
const maxFaultsShown = 8;

/** What a document of a registry holds. What cannot be read costs only its own entry. */
export interface Listing {
  servers: Listed[];
  /** Of the entries that were left out, each with its place. */
  faults: string[];
  /** For the next page. */
  nextCursor?: string;
}

/**
 * Reads one server.json, a list of them, or what the API answers: `{servers: [{server, _meta}]}` and `{server, _meta}`.
 * Undefined when it is none of these.
 */
export function readListing(document: unknown): Listing | undefined {
  if (Array.isArray(document)) return readEntries(document, '');
  if (!isObject(document)) return undefined;
  if (Array.isArray(document.servers)) {
    const { metadata } = document;
    const next = isObject(metadata) ? (metadata.nextCursor ?? metadata.next_cursor) : undefined;
    const listing = readEntries(document.servers, 'servers');
    return typeof next === 'string' && next !== '' ? { ...listing, nextCursor: next } : listing;
  }
  if (!('server' in document) && !('name' in document)) return undefined;
  const read = readServer(document);
  return 'value' in read ? { servers: [read.value], faults: [] } : { servers: [], faults: [...read.faults] };
}

function readEntries(entries: readonly unknown[], place: string): Listing {
  const servers: Listed[] = [];
  const faults: string[] = [];
  for (const [index, entry] of entries.slice(0, maxEntries).entries()) {
    const read = readServer(entry);
    if ('value' in read) servers.push(read.value);
    else faults.push(...read.faults.map((fault) => `${place}[${index}]${nameOf(entry)}: ${fault}`));
  }
  if (entries.length > maxEntries) faults.push(`${place}: only the first ${maxEntries} of ${entries.length} are read`);
  return { servers, faults };
}

function nameOf(entry: unknown): string {
  const server = isObject(entry) && isObject(entry.server) ? entry.server : entry;
  return isObject(server) && serverSchema.shape.name.safeParse(server.name).success ? ` (${server.name})` : '';
}

function readServer(entry: unknown): Read<Listed> {
  if (!isObject(entry)) return { raw: entry, faults: ['must be a mapping of keys to values'] };
  const raw = isObject(entry.server) ? entry.server : entry;
  const parsed = serverSchema.safeParse(raw);
  const faults = parsed.success ? [] : faultsOf(serverSchema, parsed.error.issues, raw);
  for (const key of ['packages', 'remotes'] as const)
    if (raw[key] !== undefined && raw[key] !== null && !Array.isArray(raw[key])) faults.push(`${key}: must be a list`);
  if (!parsed.success || faults.length > 0) return { raw, faults };
  const meta = [entry._meta, raw._meta].find((each) => isObject(each) && isObject(each[officialMeta]));
  const official = officialSchema.parse((isObject(meta) ? meta[officialMeta] : undefined) ?? {});
  const schema = /\/schemas\/(\d{4}-\d\d-\d\d|draft)\//.exec(String(raw.$schema))?.[1];
  return {
    value: {
      ...parsed.data,
      packages: readOffers(packageSchema, raw.packages),
      remotes: readOffers(remoteSchema, raw.remotes),
      ...official,
      // Until September 2025 the status stood in the document itself.
      status: official.status ?? (typeof raw.status === 'string' ? raw.status.slice(0, 50) : 'active'),
      ...(schema !== undefined && schema > knownSchema ? { newerSchema: schema } : {}),
    },
  };
}

function readOffers<T extends z.ZodType>(schema: T, raw: unknown): Read<z.infer<T>>[] {
  return (Array.isArray(raw) ? raw : []).map((each): Read<z.infer<T>> => {
    if (isObject(each) && 'registry_type' in each)
      return {
        raw: each,
        faults: [
          'is written as before September 2025 (registry_type instead of registryType); ask for a newer version',
        ],
      };
    const parsed = schema.safeParse(each);
    const faults = [...(parsed.success ? [] : faultsOf(schema, parsed.error.issues, each)), ...unfitTexts(each)];
    return parsed.success && faults.length === 0 ? { value: parsed.data } : { raw: each, faults };
  });
}

function faultsOf(schema: z.ZodType, issues: readonly z.core.$ZodIssue[], value: unknown): string[] {
  const faults = schemaFaults(schema, issues, value).map(({ path, text }) =>
    path.length > 0 ? `${renderPath(path)}: ${text}` : text,
  );
  const more = faults.length - maxFaultsShown;
  return more > 0 ? [...faults.slice(0, maxFaultsShown), `and ${more} more`] : faults;
}

// Whoever writes a document must not name a variable or a file of the server that it ends up on, nor begin a new line
// in a header.
const reference = /\$\{\w+:/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const control = /[\u0000-\u001f\u007f]/;
const onlyRead = new Set(['description', 'placeholder', 'title']);

function unfitTexts(value: unknown, path: readonly (string | number)[] = []): string[] {
  if (typeof value === 'string') {
    const at = renderPath(path);
    if (reference.test(value)) return [`${at}: holds a reference such as \${env:NAME}, which no registry may write`];
    return control.test(value) ? [`${at}: holds control characters`] : [];
  }
  if (Array.isArray(value)) return value.flatMap((each, index) => unfitTexts(each, [...path, index]));
  if (!isObject(value)) return [];
  return Object.entries(value)
    .filter(([key, each]) => !(onlyRead.has(key) && typeof each === 'string'))
    .flatMap(([key, each]) => unfitTexts(each, [...path, key]));
}
