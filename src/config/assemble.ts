import { resolve } from 'node:path';
import { isLoopbackHost, isWebAddress, publicUrlFor } from './addresses.ts';
import type {
  EmbeddingSettings,
  FileSettings,
  ModelsSettings,
  SecretsSettings,
  ServerSettings,
  Settings,
  UpstreamSettings,
} from './schema.ts';

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
  const { hostname } = new URL(publicUrl);
  return {
    host,
    port,
    publicUrl,
    publicUrlGiven: server.publicUrl !== undefined,
    dataDir,
    baseDir,
    // The loopback names are always among them: no web page can make a browser send them to another machine.
    allowedHosts: server.allowedHosts ?? [...new Set([hostname, 'localhost', '127.0.0.1', '[::1]'])],
    allowedOrigins: server.allowedOrigins ?? ownOrigins({ host, port, tls, publicUrl }),
    allowedOriginsGiven: server.allowedOrigins !== undefined,
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

/** The settings as they are on the port that was given where 0 was asked for: the server's own addresses name it. */
export function withPort(settings: Settings, port: number): Settings {
  if (settings.port === port) return settings;
  const publicUrl = settings.publicUrlGiven ? settings.publicUrl : publicUrlFor({ ...settings, port });
  const { allowedOriginsGiven, allowedOrigins, host, tls } = settings;
  return {
    ...settings,
    port,
    publicUrl,
    allowedOrigins: allowedOriginsGiven ? allowedOrigins : ownOrigins({ host, port, tls, publicUrl }),
  };
}

/** Origins of the pages that this server itself serves: on loopback those by every name of it, too. */
function ownOrigins({ publicUrl, ...listener }: Pick<Settings, 'host' | 'port' | 'tls' | 'publicUrl'>): string[] {
  const { origin } = new URL(publicUrl);
  if (!isLoopbackHost(listener.host)) return [origin];
  return [...new Set([origin, publicUrlFor(listener)].flatMap(loopbackOrigins))];
}

function loopbackOrigins(url: string): string[] {
  const { origin, protocol, port } = new URL(url);
  const suffix = port === '' ? '' : `:${port}`;
  return [origin, ...['localhost', '127.0.0.1', '[::1]'].map((name) => `${protocol}//${name}${suffix}`)];
}

/** Upstreams with absolute paths. */
export function placeUpstreams(upstreams: FileSettings['upstreams'], baseDir: string): FileSettings['upstreams'] {
  return Object.fromEntries(
    Object.entries(upstreams).map(([name, upstream]) => [name, placeUpstream(upstream, baseDir)]),
  );
}

function placeUpstream(upstream: UpstreamSettings, baseDir: string): UpstreamSettings {
  if ('command' in upstream) return { ...upstream, cwd: resolve(baseDir, upstream.cwd ?? '.') };
  if (!('openapi' in upstream) || typeof upstream.openapi !== 'string' || isWebAddress(upstream.openapi))
    return upstream;
  return { ...upstream, openapi: resolve(baseDir, upstream.openapi) };
}

/** Secrets with absolute paths. */
export function placeSecrets(secrets: SecretsSettings, baseDir: string): SecretsSettings {
  const { vault } = secrets;
  if (!vault) return secrets;
  const { auth, caFile } = vault;
  return {
    vault: {
      ...vault,
      ...(caFile === undefined ? {} : { caFile: resolve(baseDir, caFile) }),
      auth:
        'kubernetes' in auth
          ? { kubernetes: { ...auth.kubernetes, tokenFile: resolve(baseDir, auth.kubernetes.tokenFile) } }
          : auth,
    },
  };
}

/** Models with absolute paths. */
export function placeModels(models: ModelsSettings, baseDir: string): ModelsSettings {
  const place = <E extends EmbeddingSettings>(one: E): E =>
    'directory' in one ? { ...one, directory: resolve(baseDir, one.directory) } : one;
  return {
    ...models,
    ...(models.embedding ? { embedding: place(models.embedding) } : {}),
    embeddings: Object.fromEntries(Object.entries(models.embeddings).map(([name, one]) => [name, place(one)])),
  };
}
