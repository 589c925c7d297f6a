import { readFileSync } from 'node:fs';
import { configInvalid, withPort } from '../config/index.ts';
import type { Settings } from '../config/schema.ts';
import type { OwnToolset } from '../kernel/call.ts';
import { createBus } from '../platform/bus/index.ts';
import { migrate, openDatabase } from '../platform/db/index.ts';
import { createSecrets, type Secrets } from '../platform/secrets/index.ts';
import { createMetrics, createTracing, type Log } from '../platform/telemetry/index.ts';
import { openDoor, type TlsMaterial } from '../surfaces/http/index.ts';
import { settingsFaults } from './check.ts';
import { compose, type House, version } from './compose.ts';
import { closeDataFolder } from './datafolder.ts';
import { migrations } from './migrations.ts';
import { createReload, type Reloaded } from './reload.ts';

export interface StartOptions {
  settings: Settings;
  log: Log;
  inheritedEnvironment: Record<string, string>;
  /** What the settings' references were looked up in; one of its own without it. It is stopped with the server. */
  secrets?: Secrets;
  /** Toolsets of Fairlead's own, beside those that it brings. */
  toolsets?: readonly OwnToolset[];
  /** Told what is going on, for people who watch. */
  onProgress?(step: string): void;
}

/** A server that runs. */
export interface Running {
  house: House;
  /** Where it listens, as a client on this machine reaches it. */
  url: string;
  /** The first admin key; present only on the start that made it. */
  firstKey?: string;
  /** Resolves when every upstream has been listed or has spent its time. */
  ready(): Promise<void>;
  /** Takes changed settings without touching a call that runs. One at a time: await it. */
  reload(settings: Settings): Promise<Reloaded>;
  /** Drains: no new calls, running ones finish or are cut at `drainMs`; then closes in reverse order. */
  stop(): Promise<void>;
}

/** Starts the server; what had been started is stopped again when a later part fails. */
export async function start(options: StartOptions): Promise<Running> {
  const { log, inheritedEnvironment, toolsets, onProgress } = options;
  const closers: { name: string; close(): Promise<unknown> | unknown }[] = [];
  const opened = <T>(name: string, value: T, close: (value: T) => Promise<unknown> | unknown): T => {
    closers.push({ name, close: () => close(value) });
    return value;
  };
  const closeAll = async () => {
    for (const { name, close } of closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        log.error({ err: error, part: name }, 'a part did not stop cleanly');
      }
    }
  };

  const faults = await settingsFaults(options.settings, () => true);
  if (faults.length > 0) throw configInvalid(faults);

  try {
    const { host, databaseUrl, dataDir } = options.settings;
    const door = opened('door', await openDoor(host, options.settings.port, readTls(options.settings)), (it) =>
      it.stop(1_000),
    );
    const settings = withPort(options.settings, door.port);
    const metrics = opened('metrics', createMetrics(), (it) => it.stop());
    const tracing = opened('tracing', createTracing({ otlpEndpoint: settings.otlpEndpoint, version }), (it) =>
      it.stop(),
    );
    for (const text of await closeDataFolder(dataDir)) log.warn({ dataDir }, text);
    onProgress?.('opening the database');
    const database = opened('database', await openDatabase({ databaseUrl, dataDir, log }), (it) => it.stop());
    await migrate(database, [...migrations], (name) => log.info({ migration: name }, 'migrated'));
    const bus = opened('bus', await createBus({ redisUrl: settings.redisUrl, database, log }), (it) => it.stop());

    const secrets = opened('secrets', options.secrets ?? secretsOf(settings, log), (it) => it.stop());
    const house = compose({ settings, database, bus, log, metrics, tracing, secrets, inheritedEnvironment, toolsets });
    opened('processes', house.processes, (it) => it.stop());
    onProgress?.('reading keys, policies and catalog');
    await house.rotation.prepare();
    await opened('audit', house.audit, (it) => it.stop()).start();
    await opened('access', house.access, (it) => it.stop()).start();
    const created = await house.access.setBootstrapKey(
      settings.adminKey === undefined ? {} : { secret: settings.adminKey },
    );
    await opened('signin', house.signin, (it) => it.stop()).start();
    await opened('policy', house.policy, (it) => it.stop()).start();
    await opened('catalog', house.catalog, (it) => it.stop()).start();
    await opened('endpoints', house.endpoints, (it) => it.stop()).start();
    await opened('limits', house.limits, (it) => it.stop()).start();
    await opened('events', house.events, (it) => it.stop()).start();
    await opened('budgets', house.budgets, (it) => it.stop()).start();
    opened('usage', house.usage, (it) => it.stop()).start();
    opened('caching', house.caching, (it) => it.stop()).start();
    opened('definitions', house.definitions, (it) => it.stop()).start();
    opened('toolsets', house.toolsets, (it) => it.stop()).start();
    opened('embeddings', house.embeddings, (it) => it.stop());
    await opened('knowledge', house.knowledge, (it) => it.stop()).start();
    opened('machine credentials', house.machineCredentials, (it) => it.stop());
    opened('connections', house.connections, (it) => it.stop()).start();
    onProgress?.('connecting upstreams');
    await opened('upstreams', house.upstreams, (it) => it.stop()).start();
    opened(
      'changed secrets',
      secrets.onChange(() => void house.upstreams.resolveAgain().catch(() => undefined)), // which is logged there
      (end) => end(),
    );
    secrets.start();
    opened('idempotency', house.idempotency, (it) => it.stop()).start();
    const approvals = opened('approvals', house.approvals, (it) => it.stop());
    opened('rotation', house.rotation, (it) => it.stop()).start();
    opened('mcp', house.mcp, (it) => it.stop()).start();

    for (const { text } of house.orgsNotThere()) log.warn(text);

    let listed = false;
    let draining = false;
    const app = house.http({
      draining: () => draining,
      async unready() {
        const waiting: Record<string, string> = {};
        if (draining) waiting.server = 'shutting down';
        if (!listed) waiting.upstreams = 'some have not been listed yet';
        await database.ping().catch(() => {
          waiting.database = 'does not answer';
        });
        return waiting;
      },
    });
    door.open(app);
    closers.push({
      name: 'calls',
      async close() {
        draining = true;
        approvals.quiesce();
        await house.gateway.idle(settings.drainMs);
        await house.mcp.stop(); // ends the streams that would keep connections open
        door.shut();
      },
    });

    const ready = house.upstreams.ready().then(() => {
      listed = true;
      if (!draining) approvals.start(); // before, a tool that is only late would count as gone
    });
    let stopping: Promise<void> | undefined;
    return {
      house,
      url: `${settings.tls ? 'https' : 'http'}://${clientHost(settings.host)}:${door.port}`,
      ...(created && settings.adminKey === undefined ? { firstKey: created.secret } : {}),
      ready: () => ready,
      reload: createReload({
        settings: options.settings,
        house,
        log,
        renewTls(next) {
          const material = readTls(next);
          if (material) door.renewTls(material);
        },
      }),
      stop: () => (stopping ??= closeAll()),
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** A port for what is added at run time; what the file refers to has been looked up already. */
function secretsOf({ baseDir, dataDir, secrets: { vault } }: Settings, log: Log): Secrets {
  const secrets = createSecrets({ log });
  secrets.open({ env: {}, baseDir, dataDir, vault });
  return secrets;
}

function readTls({ tls }: Settings): TlsMaterial | undefined {
  if (!tls) return undefined;
  return {
    cert: readFileSync(tls.cert, 'utf8'),
    key: readFileSync(tls.key, 'utf8'),
    ...(tls.clientCa === undefined ? {} : { ca: readFileSync(tls.clientCa, 'utf8') }),
    requireClientCert: tls.requireClientCert,
  };
}

/** An address to connect to for one that is listened on. */
function clientHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
