import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../kernel/clock.ts';
import { isObject, parseJson } from '../../kernel/json.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { IssuerUnavailable } from './errors.ts';
import { metadataUrls } from './issuers.ts';

/** The way out: whoever injects it decides which addresses may be reached. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

const maxAgeMs = 10 * 60_000; // then the keys are fetched anew, so that a withdrawn one ends
const maxStaleMs = 60 * 60_000; // how long keys count whose issuer does not answer
const unknownKeyCooldownMs = 30_000; // invented key ids must not make us ask the issuer each time
const failureCooldownMs = 3_000;
const fetchTimeoutMs = 5_000;
const maxBytes = 1024 * 1024;

/**
 * The public keys of one issuer, fetched when they are first needed, kept, and fetched again when a token names a
 * key that is not among them.
 *
 * The result throws IssuerUnavailable when the keys cannot be had, and jose's `JWKSNoMatchingKey` when the issuer
 * was asked and has no such key.
 */
export function createIssuerKeys({
  issuer,
  jwksUri,
  fetch,
  clock,
  log,
}: {
  issuer: string;
  jwksUri?: string;
  fetch: Fetch;
  clock: Clock;
  log: Log;
}): JWTVerifyGetKey {
  let known: { keys: ReturnType<typeof createLocalJWKSet>; fetchedAt: number } | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<boolean> | undefined;

  // A clock set back makes what is known old, not new for ever.
  const since = (atMs: number) => Math.abs(clock.now() - atMs);
  const age = () => (known ? since(known.fetchedAt) : Number.POSITIVE_INFINITY);

  async function load(): Promise<boolean> {
    const startedAt = clock.now();
    try {
      const uri = jwksUri ?? (await findJwksUri(fetch, issuer));
      // Its shape is checked, and refused where it is wrong, by createLocalJWKSet.
      known = {
        keys: createLocalJWKSet((await getJson(fetch, uri)) as unknown as JSONWebKeySet),
        fetchedAt: startedAt,
      };
      return true;
    } catch (error) {
      failedAt = clock.now();
      log.warn({ err: error, issuer }, 'the keys of an issuer could not be fetched');
      return false;
    }
  }

  /** Resolves to whether the issuer's answer is at hand. Asks once for all who wait. */
  async function refresh(): Promise<boolean> {
    if (since(failedAt) < failureCooldownMs) return false;
    running ??= load().finally(() => {
      running = undefined;
    });
    return running;
  }

  return async (header, token) => {
    const unavailable = () => IssuerUnavailable({}, { retryAfterSeconds: failureCooldownMs / 1000 });
    if (age() > maxAgeMs) {
      const fetched = await refresh();
      if (!fetched && age() > maxStaleMs) throw unavailable();
    }
    if (!known) throw unavailable();
    try {
      return await known.keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (age() < unknownKeyCooldownMs) throw error;
      // The issuer may have a new key: without its answer nobody can say that the token is bad.
      if (!(await refresh())) throw unavailable();
      return known.keys(header, token);
    }
  };
}

async function findJwksUri(fetch: Fetch, issuer: string): Promise<string> {
  const faults: unknown[] = [];
  for (const url of metadataUrls(issuer)) {
    try {
      const metadata = await getJson(fetch, url);
      // RFC 8414, section 3.3: otherwise one issuer could speak for another.
      if (metadata.issuer !== issuer) throw new Error(`the metadata at ${url} names another issuer`);
      if (typeof metadata.jwks_uri !== 'string' || !URL.canParse(metadata.jwks_uri))
        throw new Error(`the metadata at ${url} has no jwks_uri`);
      if (new URL(issuer).protocol === 'https:' && new URL(metadata.jwks_uri).protocol !== 'https:')
        throw new Error(`the metadata at ${url} has a jwks_uri without TLS`);
      return metadata.jwks_uri;
    } catch (error) {
      faults.push(error);
    }
  }
  throw new AggregateError(faults, 'no usable metadata of the issuer');
}

async function getJson(fetch: Fetch, url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    headers: { accept: 'application/json, application/jwk-set+json' },
    signal: AbortSignal.timeout(fetchTimeoutMs),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`${url} answered ${response.status}`);
  }
  const value = parseJson(await readText(response, url));
  if (!isObject(value)) throw new Error(`${url} answered no JSON object`);
  return value;
}

async function readText(response: Response, url: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`${url} answered more than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
