import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, JsonFault, parseJson } from '../../../../kernel/json.ts';
import { EgressBlocked, EgressUnresolved, ResponseTooLarge, readBounded } from '../../../../platform/http/index.ts';
import { maxItemBytes } from '../bounds.ts';
import { SourceItemGone, SourceItemUnavailable, SourceItemUnfit, SourceRefused, SourceUnavailable } from '../errors.ts';
import type { SourceDeps } from '../types.ts';

/** A service that answers JSON to requests with a token. */
export interface Site {
  /** Its address without a slash at the end. */
  url: string;
  /** Throws `SiteFault` and the signal's reason. */
  get(path: string, query: Record<string, string>, signal: AbortSignal): Promise<Record<string, unknown>>;
  post(path: string, body: unknown, signal: AbortSignal): Promise<Record<string, unknown>>;
}

/** A request that brought nothing; `status` is missing where there was no answer. */
export class SiteFault extends Error {
  override name = 'SiteFault';
  readonly status: number | undefined;
  constructor(message: string, { status, cause }: { status?: number; cause?: unknown } = {}) {
    super(message, { cause });
    this.status = status;
  }
}

export interface SiteOptions {
  url: string;
  email?: string | undefined;
  token: string;
  timeoutMs: number;
  deps: Pick<SourceDeps, 'egress' | 'trusted' | 'userAgent'>;
}

const maxTries = 4;
const longestWaitMs = 60_000;

export function createSite({ url, email, token, timeoutMs, deps }: SiteOptions): Site {
  const base = url.replace(/\/+$/, '');
  const login =
    email === undefined ? `Bearer ${token}` : `Basic ${Buffer.from(`${email}:${token}`).toString('base64')}`;
  const common = { accept: 'application/json', authorization: login, 'user-agent': deps.userAgent };

  async function ask(path: string, init: RequestInit, signal: AbortSignal): Promise<Record<string, unknown>> {
    for (let tries = 1; ; tries++) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        const response = await deps.egress.fetch(`${base}${path}`, {
          ...init,
          signal: limit,
          guarded: !deps.trusted,
          redirect: 'error', // the token is for nobody else
        });
        const waitMs = waitOf(response, tries);
        if (waitMs === undefined || tries === maxTries) return await bodyOf(response);
        await response.body?.cancel();
        await sleep(waitMs, undefined, { signal });
      } catch (error) {
        signal.throwIfAborted();
        throw faultOf(error, timeoutMs);
      }
    }
  }

  return {
    url: base,
    get: (path, query, signal) => {
      const search = new URLSearchParams(query).toString();
      return ask(search === '' ? path : `${path}?${search}`, { headers: common }, signal);
    },
    post: (path, body, signal) => {
      const headers = { ...common, 'content-type': 'application/json' };
      return ask(path, { method: 'POST', headers, body: JSON.stringify(body) }, signal);
    },
  };
}

/** Undefined where asking again would not help, or not soon. */
function waitOf(response: Response, tries: number): number | undefined {
  const { status } = response;
  if (status !== 429 && status !== 502 && status !== 503 && status !== 504) return undefined;
  const asked = Number.parseFloat(response.headers.get('retry-after') ?? '') * 1000;
  const waitMs = Number.isNaN(asked) ? 250 * 2 ** tries : Math.max(0, asked);
  return waitMs <= longestWaitMs ? waitMs : undefined;
}

async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  const text = (await readBounded(response, maxItemBytes)).toString('utf8');
  if (!response.ok) throw new SiteFault(`it answers with status ${response.status}${saidIn(text)}`, response);
  const body = parseJson(text, { maxLength: maxItemBytes });
  if (!isObject(body)) throw new SiteFault('its answer is no JSON object');
  return body;
}

/** The service's own words, as far as they fit in a line. */
function saidIn(text: string): string {
  try {
    const body = parseJson(text);
    const said = isObject(body)
      ? Array.isArray(body.errorMessages)
        ? body.errorMessages[0]
        : body.message
      : undefined;
    if (typeof said !== 'string') return '';
    return `: ${said
      .slice(0, 300)
      .replace(/\p{Cc}/gu, ' ')
      .replace(/[.\s]+$/, '')}`;
  } catch {
    return '';
  }
}

function faultOf(error: unknown, timeoutMs: number): unknown {
  if (error instanceof SiteFault || EgressBlocked.is(error)) return error;
  if (EgressUnresolved.is(error)) return new SiteFault('its name has no address', { cause: error });
  if (ResponseTooLarge.is(error)) return new SiteFault('its answer is too large', { cause: error });
  if (error instanceof JsonFault) return new SiteFault(`its answer cannot be read: ${error.message}`, { cause: error });
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return new SiteFault(`it takes longer than ${timeoutMs / 1_000} seconds`, { cause: error });
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof Error && inner.message === 'unexpected redirect')
    return new SiteFault('it redirects, which would carry the token elsewhere', { cause: error });
  const code = inner instanceof Error && 'code' in inner ? ` (${inner.code})` : '';
  return new SiteFault(`the connection fails${code}`, { cause: error });
}

/** For what the whole scan hangs on. */
export function asSourceFault(error: unknown, source: string): unknown {
  if (!(error instanceof SiteFault)) return error;
  const detail = { cause: error };
  if (error.status === 401 || error.status === 403) return SourceRefused({ source, reason: error.message }, detail);
  return SourceUnavailable({ source, reason: error.message }, detail);
}

/** For what costs only one item. */
export function asItemFault(error: unknown, uri: string): unknown {
  if (!(error instanceof SiteFault)) return error;
  const detail = { cause: error };
  if (error.status === 404) return SourceItemGone({ uri }, detail);
  if (ResponseTooLarge.is(error.cause)) return SourceItemUnfit({ uri, reason: error.message }, detail);
  return SourceItemUnavailable({ uri, reason: error.message }, detail);
}

export function listIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
