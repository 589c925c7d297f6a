import { createHash, timingSafeEqual } from 'node:crypto';
import type { Hono } from 'hono';
import { MissingCredential } from '../../capabilities/access/index.ts';
import type { Metrics } from '../../platform/telemetry/index.ts';
import type { Admission, HttpEnv } from './admission.ts';

export interface Operations {
  metrics: Metrics;
  /** What is not ready, by name; empty when everything is. */
  unready(): Promise<Record<string, string>>;
  /** Bearer token for `/metrics` from anywhere but this machine. */
  metricsToken: string | undefined;
}

/** What orchestrators and monitoring ask. None of it tells anything about a tenant. */
export function operations(
  app: Hono<HttpEnv>,
  { metrics, unready, metricsToken }: Operations,
  admission: Admission,
): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }));

  app.get('/readyz', async (c) => {
    const waiting = await unready();
    const ready = Object.keys(waiting).length === 0;
    return c.json(ready ? { status: 'ready' } : { status: 'not ready', waiting }, ready ? 200 : 503);
  });

  app.get('/metrics', async (c) => {
    const authorized = metricsToken !== undefined && isSame(c.req.header('authorization'), `Bearer ${metricsToken}`);
    if (!admission.isLocal(c) && !authorized) throw MissingCredential();
    return c.body(await metrics.render(), 200, { 'content-type': metrics.contentType });
  });
}

/** In a time that tells nothing of where they differ. */
function isSame(given: string | undefined, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(wanted));
}
