import { setTimeout as sleep } from 'node:timers/promises';
import type { FairleadError } from '../../../../kernel/errors.ts';
import { EgressBlocked, EgressUnresolved, ResponseTooLarge, readBounded } from '../../../../platform/http/index.ts';
import { maxItemBytes, requestTimeoutMs } from '../bounds.ts';
import type { SourceDeps } from '../types.ts';

/** What came of asking for an address. */
export type Visit =
  | { kind: 'page'; url: URL; bytes: Uint8Array; mediaType: string; revision?: string; changedAt?: number }
  | { kind: 'gone' }
  /** It is there and not for us. */
  | { kind: 'left'; reason: string }
  /** Nothing can be said of it now. */
  | {
      kind: 'failed';
      reason: string;
      status?: number;
      /** After which it may be asked again. */
      waitMs?: number;
      blocked?: FairleadError;
    };

export interface Visitor {
  /** @param judge why an address that it is sent on to is not to be asked for, if so */
  visit(url: URL, judge: (url: URL) => string | undefined, signal: AbortSignal): Promise<Visit>;
  /** From now on this time at least between two requests. */
  slowDown(delayMs: number): void;
}

export interface VisitorOptions {
  egress: SourceDeps['egress'];
  userAgent: string;
  delayMs: number;
  concurrency: number;
}

const maxRedirects = 5;
const longestDelayMs = 60_000;
const accept = 'text/html, application/xhtml+xml, text/*;q=0.9, application/pdf;q=0.9, */*;q=0.5';

/** Asks politely: so many at once, so far apart, and again only after the time that the server names. */
export function createVisitor({ egress, userAgent, delayMs, concurrency }: VisitorOptions): Visitor {
  let apartMs = delayMs;
  let nextAt = 0;
  let running = 0;
  const waiting: (() => void)[] = [];

  async function inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    while (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      signal.throwIfAborted();
      const startAt = Math.max(nextAt, Date.now());
      nextAt = startAt + apartMs;
      if (startAt > Date.now()) await sleep(startAt - Date.now(), undefined, { signal });
      return await work();
    } finally {
      running--;
      waiting.shift()?.();
    }
  }

  async function ask(url: URL, signal: AbortSignal): Promise<{ response: Response; read(): Promise<Uint8Array> }> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
    const headers = { accept, 'user-agent': userAgent };
    const response = await egress.fetch(url, { headers, redirect: 'manual', signal: limit, guarded: true });
    return { response, read: () => readBounded(response, maxItemBytes) };
  }

  async function visitOnce(from: URL, judge: (url: URL) => string | undefined, signal: AbortSignal) {
    let url = from;
    for (let redirects = 0; ; redirects++) {
      const { response, read } = await ask(url, signal);
      const location = response.headers.get('location');
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await response.body?.cancel();
        if (redirects === maxRedirects) return failed(`it redirects more than ${maxRedirects} times`);
        if (!URL.canParse(location, url.href)) return failed('it redirects to what is no address');
        const next = new URL(location, url);
        const refused = judge(next);
        if (refused !== undefined) return { kind: 'left' as const, reason: `it redirects to ${next.host}: ${refused}` };
        url = next;
        continue;
      }
      const visit = await outcomeOf(response, url, read);
      if (visit.kind !== 'page') await response.body?.cancel();
      return visit;
    }
  }

  return {
    slowDown(atLeastMs) {
      apartMs = Math.max(apartMs, Math.min(atLeastMs, longestDelayMs));
    },
    visit: (url, judge, signal) =>
      inTurn(signal, async () => {
        for (let tries = 1; ; tries++) {
          const visit = await visitOnce(url, judge, signal).catch((error): Visit => {
            signal.throwIfAborted();
            return failureOf(error);
          });
          if (visit.kind !== 'failed' || visit.waitMs === undefined || tries > 1) return visit;
          await sleep(visit.waitMs, undefined, { signal });
        }
      }),
  };
}

async function outcomeOf(response: Response, url: URL, read: () => Promise<Uint8Array>): Promise<Visit> {
  const { status, headers } = response;
  if (status === 404 || status === 410) return { kind: 'gone' };
  if (!response.ok) {
    const seconds = Number.parseInt(headers.get('retry-after') ?? '', 10);
    const mayWait = (status === 429 || status === 503) && seconds >= 0 && seconds * 1000 <= longestDelayMs;
    const reason = `the server answers with status ${status}`;
    return { kind: 'failed', reason, status, ...(mayWait ? { waitMs: seconds * 1000 } : {}) };
  }
  const mediaType = (headers.get('content-type') ?? '').replace(/;.*$/s, '').trim().toLowerCase();
  if (
    /^(image|video|audio|font)\/(?!svg)|^(text\/css|.*javascript|application\/(zip|gzip|wasm|octet-stream)$)/.test(
      mediaType,
    )
  )
    return { kind: 'left', reason: `it is ${mediaType}` };
  const bytes = await read();
  const changedAt = Date.parse(headers.get('last-modified') ?? '');
  const etag = headers.get('etag') ?? undefined;
  const revision = etag ?? (Number.isNaN(changedAt) ? undefined : `${changedAt}-${bytes.length}`);
  return {
    kind: 'page',
    url,
    bytes,
    mediaType,
    ...(revision === undefined ? {} : { revision }),
    ...(Number.isNaN(changedAt) ? {} : { changedAt }),
  };
}

function failed(reason: string): Visit & { kind: 'failed' } {
  return { kind: 'failed', reason };
}

function failureOf(error: unknown): Visit {
  if (ResponseTooLarge.is(error)) return { kind: 'left', reason: `it has more than ${maxItemBytes / 1024 / 1024} MB` };
  if (EgressBlocked.is(error) || EgressUnresolved.is(error))
    return { kind: 'failed', reason: error.message.replace(/\.$/, ''), blocked: error };
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return failed(`it takes longer than ${requestTimeoutMs / 1_000} seconds`);
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  const code = inner instanceof Error && 'code' in inner ? ` (${inner.code})` : '';
  return failed(`the connection fails${code}`);
}
