import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, Hono } from 'hono';
import { MissingCredential } from '../../capabilities/access/index.ts';
import type { Metrics } from '../../platform/telemetry/index.ts';
import type { Admission, HttpEnv } from './admission.ts';

export interface Operations {
  metrics: Metrics;
  /** What is not ready, by name; empty when everything is. */
  unready(): Promise<Record<string, string>>;
  /** What is wrong and does not make it unready. */
  warnings(): string[];
  /** Bearer token for `/metrics`, and for the warnings of `/readyz`, from anywhere but this machine. */
  metricsToken: string | undefined;
}

/** What orchestrators and monitoring ask. None of it tells anything about a tenant. */
export function operations(
  app: Hono<HttpEnv>,
  { metrics, unready, warnings, metricsToken }: Operations,
  admission: Admission,
): void {
  const isOperator = (c: Context<HttpEnv>) =>
    admission.isLocal(c) ||
    (metricsToken !== undefined && isSame(c.req.header('authorization'), `Bearer ${metricsToken}`));

  app.get('/healthz', (c) => c.json({ status: 'ok' }));

  app.get('/readyz', async (c) => {
    const waiting = await unready();
    const ready = Object.keys(waiting).length === 0;
    // Not to anybody: when nobody keeps account is what an attacker would like to know.
    const told = isOperator(c) ? warnings() : [];
    return c.json(
      {
        ...(ready ? { status: 'ready' } : { status: 'not ready', waiting }),
        ...(told.length > 0 ? { warnings: told } : {}),
      },
      ready ? 200 : 503,
    );
  });

  app.get('/metrics', async (c) => {
    if (!isOperator(c)) throw MissingCredential();
    return c.body(await metrics.render(), 200, { 'content-type': metrics.contentType });
  });
}

/** In a time that tells nothing of where they differ. */
function isSame(given: string | undefined, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(wanted));
}
