import { resolve } from 'node:path';
import { isLoopbackHost, publicUrlFor } from './addresses.ts';
import type { FileSettings, ServerSettings } from './schema.ts';

/** The settings of the server section with defaults filled in and paths made absolute. */
export function assembleServer(
  server: ServerSettings,
  { baseDir, dataDir, allowAnonymous }: { baseDir: string; dataDir: string; allowAnonymous: boolean },
) {
  const host = server.host ?? '127.0.0.1';
  const port = server.port ?? 7300;
  const tls = server.tls && {
    ...server.tls,
    cert: resolve(baseDir, server.tls.cert),
    key: resolve(baseDir, server.tls.key),
    ...(server.tls.clientCa ? { clientCa: resolve(baseDir, server.tls.clientCa) } : {}),
  };
  const publicUrl = (server.publicUrl ?? publicUrlFor({ host, port, tls })).replace(/\/+$/, '');
  const { hostname, origin } = new URL(publicUrl);
  return {
    host,
    port,
    publicUrl,
    publicUrlGiven: server.publicUrl !== undefined,
    dataDir,
    baseDir,
    // The loopback names are always among them: no web page can make a browser send them to another machine.
    allowedHosts: server.allowedHosts ?? [...new Set([hostname, 'localhost', '127.0.0.1', '[::1]'])],
    allowedOrigins: server.allowedOrigins ?? (isLoopbackHost(host) ? loopbackOrigins(origin) : [origin]),
    trustedProxies: server.trustedProxies ?? [],
    logLevel: server.logLevel ?? 'info',
    environment: server.environment ?? 'local',
    maxBodyBytes: server.maxBodyBytes ?? 4 * 1024 * 1024,
    maxJsonDepth: server.maxJsonDepth ?? 128,
    drainMs: server.drainMs ?? 30_000,
    allowAnonymous,
    ...(server.adminKey ? { adminKey: server.adminKey } : {}),
    ...(server.databaseUrl ? { databaseUrl: server.databaseUrl } : {}),
    ...(server.redisUrl ? { redisUrl: server.redisUrl } : {}),
    ...(server.otlpEndpoint ? { otlpEndpoint: server.otlpEndpoint } : {}),
    ...(server.metricsToken ? { metricsToken: server.metricsToken } : {}),
    ...(tls ? { tls } : {}),
  };
}

function loopbackOrigins(origin: string): string[] {
  const { protocol, port } = new URL(origin);
  const suffix = port === '' ? '' : `:${port}`;
  return [...new Set([origin, ...['localhost', '127.0.0.1', '[::1]'].map((name) => `${protocol}//${name}${suffix}`)])];
}

/** Upstreams with absolute working directories. */
export function placeUpstreams(upstreams: FileSettings['upstreams'], baseDir: string): FileSettings['upstreams'] {
  return Object.fromEntries(
    Object.entries(upstreams).map(([name, upstream]) => [
      name,
      'command' in upstream ? { ...upstream, cwd: resolve(baseDir, upstream.cwd ?? '.') } : upstream,
    ]),
  );
}
