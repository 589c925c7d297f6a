import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { newId } from '../../kernel/ids.ts';
import { checkHost, checkOrigin } from '../../platform/http/index.ts';
import type { Log, Metrics, RequestMeasure } from '../../platform/telemetry/index.ts';
import type { HttpEnv } from './admission.ts';
import { problemResponse } from './problem.ts';

export interface EdgeDeps {
  allowedHosts: readonly string[];
  allowedOrigins: readonly string[];
  publicUrl: string;
  log: Log;
  metrics: Metrics;
}

/** In the books of every request, whichever way it went. */
export function keepBooks(
  { log, metrics }: Pick<EdgeDeps, 'log' | 'metrics'>,
  { requestId, ...measure }: RequestMeasure & { requestId: string },
): void {
  metrics.request(measure);
  if (log.isLevelEnabled('debug')) log.debug({ requestId, ...measure }, 'request');
}

/** Of what is no page: nothing of it is to be loaded, run or shown in a frame. */
const noPage = "default-src 'none'; frame-ancestors 'none'";
/** A page with a form says itself what its browser may tell of it, and every page what it loads. */
const ownWord = new Set(['referrer-policy', 'content-security-policy']);

/** What every answer carries; `encrypted` where people reach this server over TLS, whoever ends it. */
export function safetyHeaders(requestId: string, encrypted: boolean): Record<string, string> {
  return {
    ...(encrypted ? { 'strict-transport-security': 'max-age=31536000' } : {}),
    'content-security-policy': noPage,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'x-request-id': requestId,
  };
}

/** What every request passes first, in this order. */
export function edge(deps: EdgeDeps): MiddlewareHandler<HttpEnv>[] {
  const { allowedHosts, allowedOrigins, log, metrics } = deps;
  const encrypted = deps.publicUrl.startsWith('https:');
  const share = cors({
    origin: (origin) => origin, // checked before: only what is allowed comes this far
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    // Request headers stay open, since tools name some themselves (`mcp-param-*`).
    exposeHeaders: [
      'mcp-session-id',
      'mcp-protocol-version',
      'www-authenticate',
      'retry-after',
      'x-request-id',
      'idempotency-replayed',
    ],
    maxAge: 600,
  });
  return [
    async function account(c, next) {
      const startedAt = performance.now();
      c.set('requestId', newId('req'));
      await next();
      const durationMs = performance.now() - startedAt;
      const route = c.req.routePath;
      const { method } = c.req;
      keepBooks({ log, metrics }, { requestId: c.get('requestId'), method, route, status: c.res.status, durationMs });
    },
    async function secure(c, next) {
      await next();
      const { headers } = c.res; // `c.header` would copy the response for each
      for (const [name, value] of Object.entries(safetyHeaders(c.get('requestId'), encrypted))) {
        if (!ownWord.has(name) || !headers.has(name)) headers.set(name, value);
      }
    },
    async function rightHost(c, next) {
      try {
        checkHost(c.req.header('host'), allowedHosts);
        checkOrigin(c.req.header('origin'), allowedOrigins);
      } catch (error) {
        return problemResponse(error, log);
      }
      return next();
    },
    // Browsers name an origin; for all others the middleware would copy the response for nothing.
    async function shareAcrossOrigins(c, next) {
      const asked = c.req.header('origin') !== undefined || c.req.method === 'OPTIONS';
      return asked ? share(c, next) : next();
    },
  ];
}
