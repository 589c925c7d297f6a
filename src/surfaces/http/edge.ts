import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { newId } from '../../kernel/ids.ts';
import { checkHost, checkOrigin } from '../../platform/http/index.ts';
import type { Log, Metrics } from '../../platform/telemetry/index.ts';
import type { HttpEnv } from './admission.ts';
import { problemResponse } from './problem.ts';

export interface EdgeDeps {
  allowedHosts: readonly string[];
  allowedOrigins: readonly string[];
  log: Log;
  metrics: Metrics;
}

/** What every request passes first, in this order. */
export function edge({ allowedHosts, allowedOrigins, log, metrics }: EdgeDeps): MiddlewareHandler<HttpEnv>[] {
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
      metrics.request({ method: c.req.method, route, status: c.res.status, durationMs });
      log.debug(
        { requestId: c.get('requestId'), method: c.req.method, route, status: c.res.status, durationMs },
        'request',
      );
    },
    async function secure(c, next) {
      await next();
      const { headers } = c.res; // `c.header` would copy the response for each
      headers.set('x-content-type-options', 'nosniff');
      headers.set('referrer-policy', 'no-referrer');
      headers.set('x-frame-options', 'DENY');
      headers.set('x-request-id', c.get('requestId'));
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
