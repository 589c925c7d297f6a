import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type RequestInit as UndiciRequestInit, fetch as undiciFetch } from 'undici';
import { FairleadError, InvalidRequest } from '../../kernel/errors.ts';
import type { Log } from '../telemetry/index.ts';
import { type AddressRanges, addressRanges, isRange, reachOf } from './addresses.ts';
import type { AnswerReceiver } from './answer.ts';
import { EgressBlocked, EgressUnresolved } from './errors.ts';
import { createPosts, type PostTarget, type PostUnderWay } from './posts.ts';

const maxRedirects = 5;
const connectTimeoutMs = 10_000;

/** Resolves a name to all its addresses. */
export type Resolve = (hostname: string) => Promise<readonly { address: string; family: number }[]>;

export interface EgressDeps {
  /** Host names (`wiki.corp`, `*.corp`), addresses and CIDRs that guarded requests may reach although they are not public. */
  allow: readonly string[];
  log: Log;
  resolve?: Resolve;
  /** PEM of the authorities that unguarded requests trust instead of the usual ones. */
  ca?: string;
}

export interface EgressInit extends RequestInit {
  /** Default true. False only for URLs that the operator wrote into the file. */
  guarded?: boolean;
}

export interface EgressPost {
  headers: Record<string, string>;
  body: string;
  guarded: boolean;
}

/** The one way out over HTTP. Bring a signal: no time-out but that of connecting stands here, since streams may idle for hours. */
export interface Egress {
  /**
   * As `fetch`, for http and https. A guarded request reaches public and allowed addresses only, on each redirect again.
   * At most 5 redirects; to another origin no header goes along that could hold a secret. Bodies: text, bytes,
   * URLSearchParams or a stream. Throws `EgressBlocked`, and what fetch throws.
   */
  fetch(url: string | URL, init?: EgressInit): Promise<Response>;
  /**
   * A POST without the machinery of `fetch`: the parts of its answer are told as they come. Neither follows redirects
   * nor decodes anything.
   */
  post(url: URL, request: EgressPost, receiver: AnswerReceiver): PostUnderWay;
  /** Whether a guarded request could go there now. Throws `EgressBlocked`, `EgressUnresolved`. */
  assertAllowed(url: string | URL): Promise<void>;
  /**
   * The addresses that a guarded request could connect to now, for a program that makes the connection itself and must
   * be held to them. Throws as `assertAllowed`.
   */
  reachable(url: string | URL): Promise<readonly string[]>;
  /** After a change of the settings. */
  setAllow(allow: readonly string[]): void;
  /** Ends kept-alive connections; requests under way are cut. */
  stop(): Promise<void>;
}

export function createEgress({ allow, log, resolve = resolveAll, ca }: EgressDeps): Egress {
  let list = allowList(allow);

  function refusal(hostname: string, address: string): FairleadError | undefined {
    const { reach, kind } = reachOf(address);
    if (reach === 'public' || list.networks.has(address) || (reach === 'inside' && list.names(hostname))) return;
    return EgressBlocked({ host: hostname, reason: `its address is not public (${kind})` });
  }

  /** The addresses that may be connected to; throws when there is none. */
  async function permitted(hostname: string) {
    const addresses = await resolve(hostname);
    const usable = addresses.filter(({ address }) => !refusal(hostname, address));
    const [first] = addresses;
    if (!first) throw EgressUnresolved({ host: hostname });
    if (usable.length === 0) throw refusal(hostname, first.address);
    return usable;
  }

  // The check sits where the connection is made, on the very addresses that it is made to: what a name answered
  // earlier, or answers later, does not matter.
  const guardedLookup: LookupFunction = (hostname, options, callback) => {
    permitted(hostname).then(
      (addresses) => {
        const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : options.family;
        const fitting = family ? addresses.filter((address) => address.family === family) : addresses;
        const [first] = fitting;
        if (!first) callback(EgressUnresolved({ host: hostname }), '');
        else if (options.all) callback(null, [...fitting]);
        else callback(null, first.address, first.family);
      },
      (error) => callback(error, ''),
    );
  };
  const connectChecked = buildConnector({ timeout: connectTimeoutMs, lookup: guardedLookup, allowH2: false });
  const connectGuarded: typeof connectChecked = (options, callback) => {
    const literal = withoutBrackets(options.hostname);
    const refused = isIP(literal) ? refusal(literal, literal) : undefined; // a literal is never looked up
    if (refused) callback(refused, null);
    else connectChecked(options, callback);
  };

  const connectOpen = buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    ...(ca === undefined ? {} : { ca }),
  });
  const timeouts = { headersTimeout: 0, bodyTimeout: 0, allowH2: false };
  const waysBy = (connect: typeof connectChecked) => ({
    agent: new Agent({ ...timeouts, connect }),
    posts: createPosts((options, callback) =>
      connect(options, (...[error, socket]) =>
        error ? callback(told(options.hostname, error) as Error, null) : callback(null, socket),
      ),
    ),
  });
  let guardedWays = waysBy(connectGuarded);
  const openWays = waysBy(connectOpen);

  function assertForm(url: URL): void {
    const host = url.hostname || url.protocol;
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw EgressBlocked({ host, reason: 'only http and https are spoken' });
    }
    if (url.username || url.password) throw EgressBlocked({ host, reason: 'credentials may not stand in a URL' });
  }

  async function send(url: URL, init: RequestInit, guarded: boolean) {
    assertForm(url);
    try {
      return await undiciFetch(url, {
        ...(init as UndiciRequestInit),
        redirect: 'manual',
        dispatcher: (guarded ? guardedWays : openWays).agent,
      });
    } catch (error) {
      throw told(url.hostname, error);
    }
  }

  async function reachable(input: string | URL): Promise<readonly string[]> {
    const url = parse(input);
    assertForm(url);
    const host = withoutBrackets(url.hostname);
    if (isIP(host) === 0) return (await permitted(host)).map(({ address }) => address);
    const refused = refusal(host, host);
    if (refused) throw refused;
    return [host];
  }

  /** What a caller gets to know of an error; a refusal of ours is in the log as well. */
  function told(host: string, error: unknown): unknown {
    const blocked = ownError(error);
    if (blocked) log.warn({ host, code: blocked.code, reason: blocked.message }, 'outgoing request blocked');
    return blocked ?? error;
  }

  /** Of the one URL that an upstream's calls all go to: taken apart and looked at once, unless it is changed. */
  const targets = new WeakMap<URL, PostTarget & { href: string }>();
  function targetOf(url: URL): PostTarget {
    const known = targets.get(url);
    if (known?.href === url.href) return known;
    assertForm(url);
    const { href, origin, protocol, host, port, pathname, search } = url;
    const hostname = withoutBrackets(url.hostname);
    const target = { href, origin, protocol, hostname, host, port, path: `${pathname}${search}` };
    targets.set(url, target);
    return target;
  }

  return {
    async fetch(input, { guarded = true, ...init } = {}) {
      let url = parse(input);
      let request: RequestInit = init;
      for (let redirects = 0; ; redirects++) {
        const response = await send(url, request, guarded);
        const location = response.headers.get('location');
        const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
        if (!isRedirect || init.redirect === 'manual') return asGlobal(response, url, redirects > 0);
        await response.body?.cancel();
        if (init.redirect === 'error') throw new TypeError('fetch failed', { cause: new Error('unexpected redirect') });
        if (redirects === maxRedirects) {
          throw EgressBlocked({ host: url.hostname, reason: `more than ${maxRedirects} redirects` });
        }
        const next = parse(location, url);
        request = redirected(request, response.status, next.origin === url.origin);
        url = next;
      }
    },
    post: (url, { headers, body, guarded }, receiver) =>
      (guarded ? guardedWays : openWays).posts.send(targetOf(url), headers, body, receiver),
    async assertAllowed(input) {
      await reachable(input);
    },
    reachable,
    setAllow(entries) {
      list = allowList(entries);
      // Connections that the old list allowed must not be used again; what runs on them may end.
      const former = guardedWays;
      guardedWays = waysBy(connectGuarded);
      former.posts.retire();
      void former.agent.close();
    },
    async stop() {
      const both = [guardedWays, openWays];
      for (const { posts } of both) posts.destroy();
      await Promise.all(both.map(({ agent }) => agent.destroy()));
    },
  };
}

async function resolveAll(hostname: string) {
  try {
    return await systemLookup(hostname, { all: true });
  } catch (cause) {
    throw EgressUnresolved({ host: hostname }, { cause });
  }
}

export function allowList(entries: readonly string[]): { networks: AddressRanges; names(hostname: string): boolean } {
  const named = entries.filter((entry) => !isRange(entry)).map((entry) => entry.toLowerCase());
  const faults = named
    .filter((entry) => !/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(entry))
    .map((entry) => `egress.allow: "${entry}" is no host name, address or CIDR`);
  if (faults.length > 0) throw InvalidRequest({ faults });
  const exact = new Set(named);
  const suffixes = named.filter((entry) => entry.startsWith('*.')).map((entry) => entry.slice(1));
  return {
    networks: addressRanges(entries.filter(isRange)),
    names(hostname) {
      const name = hostname.toLowerCase().replace(/\.$/, '');
      return exact.has(name) || suffixes.some((suffix) => name.endsWith(suffix));
    },
  };
}

/** The WHATWG parser has already turned 2130706433, 0x7f.1 and 0177.0.0.1 into 127.0.0.1. */
function parse(input: string | URL, base?: URL): URL {
  try {
    return new URL(input, base);
  } catch {
    throw EgressBlocked({ host: base?.hostname ?? '', reason: 'this is not a URL' });
  }
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Everything else may be a credential under a name that we do not know. */
const harmlessHeaders = [
  'accept',
  'accept-language',
  'content-type',
  'user-agent',
  'mcp-protocol-version',
  'traceparent',
];

function redirected(init: RequestInit, status: number, sameOrigin: boolean): RequestInit {
  const headers = new Headers(init.headers);
  if (!sameOrigin) for (const name of [...headers.keys()]) if (!harmlessHeaders.includes(name)) headers.delete(name);
  const method = (init.method ?? 'GET').toUpperCase();
  const becomesGet = status === 303 ? method !== 'HEAD' : (status === 301 || status === 302) && method === 'POST';
  if (!becomesGet) {
    if (init.body instanceof ReadableStream)
      throw new TypeError('fetch failed: a stream cannot be sent again to a redirect');
    return { ...init, headers };
  }
  headers.delete('content-type');
  return { ...init, headers, method: 'GET', body: undefined };
}

/** Other libraries ask `instanceof Response`, and mean the global one. */
function asGlobal(response: Awaited<ReturnType<typeof undiciFetch>>, url: URL, redirected: boolean): Response {
  const hasBody = ![101, 204, 205, 304].includes(response.status);
  const global = new Response(hasBody ? (response.body as ReadableStream<Uint8Array> | null) : null, {
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers],
  });
  return Object.defineProperties(global, { url: { value: url.href }, redirected: { value: redirected } });
}

function ownError(error: unknown): FairleadError | undefined {
  for (let inner = error; inner instanceof Error; inner = inner.cause) if (inner instanceof FairleadError) return inner;
  return undefined;
}
