import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isWebAddress } from '../../config/addresses.ts';
import { JsonFault, parseJson } from '../../kernel/json.ts';
import { readBounded } from '../../platform/http/index.ts';
import { RegistryServerUnknown, RegistryUnavailable, RegistryUnreadable } from './errors.ts';
import type { Listed } from './format.ts';
import { oneLine } from './inputs.ts';
import { type Listing, readListing } from './parse.ts';
import { fits, meantBy } from './search.ts';
import { latestOfEach, newestFirst } from './versions.ts';

const maxBytes = 32 * 1024 * 1024;
const maxPages = 40;
const pageSize = 100;
const waitMs = 20_000;

/** What a registry is asked by; see `Egress`. */
export interface RegistryFetch {
  fetch(url: string | URL, init?: RequestInit & { guarded?: boolean }): Promise<Response>;
}

export interface Found {
  servers: Listed[];
  /** Of entries that could not be read. */
  faults: string[];
  /** Whether the registry has more than was read. */
  more: boolean;
}

/** A registry: a document, or the API of one. */
export interface Registry {
  /** The newest version of each server that all words fit. */
  search(words: readonly string[], limit: number): Promise<Found>;
  /** All versions of one server, the newest first, deleted ones too. Throws `RegistryServerUnknown`. */
  versions(name: string): Promise<Listed[]>;
}

export interface RegistryOptions {
  /** A path, the address of a document (`….json`), or the base address of a registry. */
  at: string;
  /** Folder that a path is relative to. */
  cwd: string;
  egress: RegistryFetch;
  signal?: AbortSignal;
}

/** Whoever names the registry is trusted with that: its address may lead anywhere. */
export function openRegistry({ at, cwd, egress, signal }: RegistryOptions): Registry {
  if (!isWebAddress(at)) return createDocument(at, () => readText(resolve(cwd, at), at));
  if (!URL.canParse(at)) throw RegistryUnavailable({ where: 'that was named', reason: 'its address is not a URL' });
  const url = new URL(at);
  const where = `${url.origin}${url.pathname}`;
  const get = createGet({ where, egress, signal });
  if (!url.pathname.endsWith('.json')) return createApi(at, get);
  return createDocument(where, async () => {
    const answer = await get(url);
    if ('text' in answer) return answer.text;
    throw RegistryUnavailable({ where, reason: `it answers with status ${answer.status}` });
  });
}

async function readText(path: string, where: string): Promise<string> {
  try {
    if ((await stat(path)).size > maxBytes) throw RegistryUnreadable({ where, faults: `more than ${maxBytes} bytes` });
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (RegistryUnreadable.is(cause)) throw cause;
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw RegistryUnavailable({ where, reason: `the file cannot be read (${code})` });
  }
}

function listingOf(text: string, where: string): Listing {
  let document: unknown;
  try {
    document = parseJson(text, { maxLength: maxBytes });
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw RegistryUnreadable({ where, faults: error.message });
  }
  const listing = readListing(document);
  if (!listing) throw RegistryUnreadable({ where, faults: 'it has neither servers nor the name of one' });
  return listing;
}

function createDocument(where: string, read: () => Promise<string>): Registry {
  async function load(): Promise<Listing> {
    const listing = listingOf(await read(), where);
    if (listing.servers.length === 0 && listing.faults.length > 0)
      throw RegistryUnreadable({ where, faults: listing.faults.slice(0, 20) });
    return listing;
  }
  return {
    async search(words, limit) {
      const { servers, faults } = await load();
      const found = latestOfEach(servers).filter((each) => fits(each, words));
      return { servers: found.slice(0, limit), faults, more: found.length > limit };
    },
    async versions(name) {
      const { servers, faults } = await load();
      return versionsOf(meantBy(servers, name), { where, name, others: servers, faults });
    },
  };
}

type Answer = { status: number; text: string } | { status: number };

/** A GET whose good answer is read whole, within bounds. */
function createGet({
  where,
  egress,
  signal,
}: {
  where: string;
  egress: RegistryFetch;
  signal?: AbortSignal | undefined;
}) {
  return async (url: URL): Promise<Answer> => {
    const enough = AbortSignal.timeout(waitMs);
    try {
      const response = await egress.fetch(url, {
        guarded: false,
        headers: { accept: 'application/json' },
        signal: signal ? AbortSignal.any([signal, enough]) : enough,
      });
      if (response.ok)
        return { status: response.status, text: (await readBounded(response, maxBytes)).toString('utf8') };
      await response.body?.cancel();
      return { status: response.status };
    } catch (cause) {
      const reason = enough.aborted ? `it takes longer than ${waitMs / 1_000} seconds` : innermost(cause);
      throw RegistryUnavailable({ where, reason }, { cause });
    }
  };
}

function innermost(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof AggregateError) inner = inner.errors[0];
  return inner instanceof Error ? inner.message.replace(/\.$/, '') : 'no reason given';
}

type Get = (url: URL) => Promise<Answer>;

/** The REST API: `/v0.1`, and `/v0` where there is no other. */
function createApi(address: string, get: Get): Registry {
  const { base, roots } = rootsOf(address);
  const at = base;
  let root: string | undefined;

  async function ask(path: string, query: Record<string, string>): Promise<Listing | undefined> {
    for (const each of root === undefined ? roots : [root]) {
      const url = new URL(`${base}${each}${path}`);
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const answer = await get(url);
      if ('text' in answer) {
        root = each;
        return listingOf(answer.text, at);
      }
      if (answer.status !== 404)
        throw RegistryUnavailable({ where: at, reason: `it answers with status ${answer.status}` });
    }
    return undefined;
  }

  /** Page after page until there is enough, there are no more, or the bound is reached. */
  async function list(path: string, query: Record<string, string>, enough: (servers: readonly Listed[]) => boolean) {
    const servers: Listed[] = [];
    const faults: string[] = [];
    const seen = new Set<string>();
    let cursor: string | undefined;
    for (let page = 0; page < maxPages; page++) {
      const listing = await ask(path, cursor === undefined ? query : { ...query, cursor });
      if (!listing) return page === 0 ? undefined : { servers, faults, more: true };
      servers.push(...listing.servers);
      faults.push(...listing.faults);
      cursor = listing.nextCursor;
      // The same page again and again would be no end either.
      if (cursor === undefined || seen.has(cursor)) return { servers, faults, more: false };
      if (enough(servers)) return { servers, faults, more: true };
      seen.add(cursor);
    }
    return { servers, faults, more: true };
  }

  const noApi = () =>
    RegistryUnavailable({ where: at, reason: 'there is no registry API below it (status 404 for /v0.1/servers)' });

  async function searchFor(
    text: string,
    more: Record<string, string>,
    enough: (servers: readonly Listed[]) => boolean,
  ) {
    const query = { ...(text === '' ? {} : { search: text }), limit: String(pageSize), ...more };
    const listing = await list('/servers', query, enough);
    if (!listing) throw noApi();
    return listing;
  }

  return {
    async search(words, limit) {
      // A registry looks for one piece of text; the other words are looked for here.
      const longest = [...words].sort((a, b) => b.length - a.length)[0] ?? '';
      const fitting = (servers: readonly Listed[]) => latestOfEach(servers).filter((each) => fits(each, words));
      const { servers, faults, more } = await searchFor(
        longest,
        { version: 'latest' },
        (sofar) => fitting(sofar).length >= limit,
      );
      const found = fitting(servers);
      return { servers: found.slice(0, limit), faults, more: more || found.length > limit };
    },
    async versions(name) {
      const path = `/servers/${encodeURIComponent(name)}/versions`;
      const direct = name.includes('/')
        ? await list(path, { limit: String(pageSize), include_deleted: 'true' }, () => false)
        : undefined;
      const exact = meantBy(direct?.servers ?? [], name);
      if (exact.length > 0) return versionsOf(exact, { where: at, name, others: [], faults: [] });
      const { servers, faults } = await searchFor(name, { include_deleted: 'true' }, () => false);
      return versionsOf(meantBy(servers, name), { where: at, name, others: servers, faults });
    },
  };
}

function rootsOf(at: string): { base: string; roots: string[] } {
  const url = new URL(at);
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/servers$/, '');
  const [, before = base, root] = /^(.*)(\/v\d+(?:\.\d+)?)$/.exec(base) ?? [];
  return root === undefined ? { base, roots: ['/v0.1', '/v0'] } : { base: before, roots: [root] };
}

interface Asked {
  where: string;
  name: string;
  others: readonly Listed[];
  faults: readonly string[];
}

/** The versions of the only server that was meant. */
function versionsOf(meant: readonly Listed[], { where, name, others, faults }: Asked): Listed[] {
  const names = [...new Set(meant.map((each) => each.name))];
  if (names.length === 1) return newestFirst(meant);
  if (names.length > 1)
    throw RegistryServerUnknown({
      where,
      what: `single server "${name}"`,
      instead: `: there are ${names.slice(0, 10).join(', ')}. Give the whole name.`,
    });
  const broken = faults.filter((fault) => fault.toLowerCase().includes(`${name.toLowerCase()})`));
  const [near] = [...new Set(others.map((each) => each.name))].filter((each) => each.includes(name));
  const instead = near === undefined ? '.' : `; there is ${near}.`;
  throw RegistryServerUnknown({
    where,
    what: `server "${oneLine(name)}"`,
    instead: broken.length > 0 ? ` that can be read: ${broken.join('; ')}` : instead,
  });
}
