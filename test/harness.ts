import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DestinationStream } from 'pino';
import { stringify } from 'yaml';
import ours from '../package.json' with { type: 'json' };
import { type Running, start } from '../src/app/lifecycle.ts';
import { migrations } from '../src/app/migrations.ts';
import { inheritedEnvironment, loadSettings, packageRoot } from '../src/config/index.ts';
import { migrate, openDatabase } from '../src/platform/db/index.ts';
import { createLog } from '../src/platform/telemetry/index.ts';
import { ownerPool, placeDatabase } from './datafolder.ts';

export interface FairleadOptions {
  /** What stands in fairlead.yaml; nothing is federated by default. */
  config?: Record<string, unknown>;
  /** Variables of the environment, on top of PATH and HOME. */
  env?: Record<string, string>;
  /** Takes the log, a JSON line at a time; there is none without it. */
  log?: DestinationStream;
  /** A folder of the test's own, to start again on: it stays when the server stops, and so does its database. */
  dataDir?: string;
  /** Which Postgres instead of that of TEST_DATABASE_URL; the embedded database when empty. */
  postgres?: string;
}

export interface Fairlead {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  url: string;
  /** An admin of the default organisation. */
  adminKey: string;
  dataDir: string;
  /** The parts of the server, for what cannot be had over HTTP. */
  running: Running;
  /**
   * A request to a path below `url`, as the admin unless `key` says otherwise; `null` is nobody. Whatever is given as
   * `json` is its body.
   */
  request(path: string, init?: FairleadRequest): Promise<FairleadResponse>;
  /** An API key of the default organisation, or of another, with these roles. */
  makeKey(roles: readonly string[], more?: { org?: string; scopes?: readonly string[] }): Promise<string>;
  /** Ends the server, its database and, if it was made here, its folder. */
  stop(): Promise<void>;
}

export interface FairleadResponse extends Response {
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects to find
  json(): Promise<any>;
}

export interface FairleadRequest extends Omit<RequestInit, 'headers'> {
  key?: string | null;
  json?: unknown;
  headers?: Record<string, string>;
}

/** An stdio upstream of the fixtures, for `config.upstreams`; see `fixtures/servers/stdio.ts` for its modes. */
export function fixtureUpstream(mode = 'both', parameter = '') {
  return {
    command: process.execPath,
    args: [join(packageRoot, 'test/fixtures/servers/stdio.ts'), mode, parameter],
  };
}

/**
 * A whole server in this process, on a free port of 127.0.0.1, over a data folder and a database of its own: Postgres
 * when TEST_DATABASE_URL names one, and Redis when TEST_REDIS_URL does. Resolves when its upstreams have been listed or
 * have spent their time.
 */
export async function startFairlead(options: FairleadOptions = {}): Promise<Fairlead> {
  const { config = {}, env = {}, log, dataDir, postgres } = options;
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-test-'));
  const data = dataDir ?? join(folder, 'data');
  const database = await databaseFor(data, postgres);
  const adminKey = env.FAIRLEAD_ADMIN_KEY ?? `fl_test_${randomBytes(24).toString('hex')}`;
  const release = async () => {
    if (dataDir === undefined) await database.drop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const file = join(folder, 'fairlead.yaml');
    writeFileSync(file, stringify(config));
    const { PATH = '', HOME = '/' } = process.env;
    const { settings } = await loadSettings({
      env: {
        PATH,
        HOME,
        FAIRLEAD_CONFIG: file,
        FAIRLEAD_DATA_DIR: data,
        FAIRLEAD_PORT: '0',
        FAIRLEAD_ADMIN_KEY: adminKey,
        FAIRLEAD_LOG_LEVEL: log ? 'debug' : 'silent',
        ...database.env,
        ...(process.env.TEST_REDIS_URL ? { REDIS_URL: process.env.TEST_REDIS_URL } : {}),
        ...env,
      },
      flags: {},
      cwd: folder,
    });
    const running = await start({
      settings,
      log: createLog({ level: settings.logLevel, service: 'fairlead', ...(log ? { destination: log } : {}) }),
      inheritedEnvironment: inheritedEnvironment({ PATH, HOME }),
    });
    await running.ready();
    return { ...worldOf(running, adminKey), dataDir: data, stop: () => running.stop().finally(release) };
  } catch (error) {
    await release();
    throw error;
  }
}

function worldOf(
  running: Running,
  adminKey: string,
): Pick<Fairlead, 'url' | 'adminKey' | 'running' | 'request' | 'makeKey'> {
  const { url, house } = running;
  return {
    url,
    adminKey,
    running,
    request(path, { key = adminKey, json, headers = {}, ...init } = {}) {
      const all = new Headers(headers);
      if (key !== null) all.set('authorization', `Bearer ${key}`);
      if (json !== undefined && !all.has('content-type')) all.set('content-type', 'application/json');
      return fetch(`${url}${path}`, {
        ...init,
        headers: all,
        ...(json === undefined ? {} : { method: init.method ?? 'POST', body: JSON.stringify(json) }),
      });
    },
    async makeKey(roles, { org = 'default', scopes } = {}) {
      const { secret } = await house.access.keys.create({
        org,
        name: `test ${roles.join(' ')}`,
        roles: [...roles] as never,
        ...(scopes ? { scopes: [...scopes] as never } : {}),
        createdBy: await house.access.authenticate(adminKey),
      });
      return secret;
    },
  };
}

/** The environment that leads to a database, embedded when `base` names no Postgres, and what removes it again. */
export async function databaseFor(
  dataDir: string,
  base = process.env.TEST_DATABASE_URL,
): Promise<{ env: Record<string, string>; drop(): Promise<void> }> {
  if (!base) {
    if (!existsSync(join(dataDir, 'db'))) placeDatabase(await embeddedTemplate(), dataDir);
    return { env: {}, drop: () => Promise.resolve() };
  }
  // Named after the folder: whoever starts again on one finds its database again.
  const name = `fairlead_test_${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`;
  const asOwner = async (statement: string) => {
    const owner = ownerPool(base);
    // Nobody listens to a connection that is being closed, and a Postgres that stops just then has something to say.
    owner.on('connect', (client) => void client.on('error', () => undefined));
    return owner.query(statement).finally(() => owner.end());
  };
  const { rowCount } = await asOwner(`select 1 from pg_database where datname = '${name}'`);
  if (rowCount === 0) await asOwner(`create database ${name} template ${await postgresTemplate(base)}`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  return {
    env: { DATABASE_URL: url.href, FAIRLEAD_SECRET: 'the secret of every test, thirty-two bytes or more' },
    drop: async () => void (await asOwner(`drop database if exists ${name} with (force)`)),
  };
}

const digestOf = (parts: unknown) => createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);

/** The name of a database that is migrated already, made by the first who asks, for all others to copy. */
async function postgresTemplate(base: string): Promise<string> {
  const name = `fairlead_template_${digestOf(migrations)}`;
  const owner = ownerPool(base);
  owner.on('connect', (client) => void client.on('error', () => undefined));
  try {
    await owner.query('select pg_advisory_lock(7243011)'); // until the connection ends
    const { rowCount } = await owner.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 1) return name;
    const unfinished = `${name}_unfinished`;
    await owner.query(`drop database if exists ${unfinished}`);
    await owner.query(`create database ${unfinished} template template0`);
    const url = new URL(base);
    url.pathname = `/${unfinished}`;
    const database = await openDatabase({
      databaseUrl: url.href,
      dataDir: '',
      log: createLog({ level: 'silent', service: 'test' }),
    });
    await migrate(database, [...migrations]).finally(database.stop);
    await owner.query(`alter database ${unfinished} rename to ${name}`);
    return name;
  } finally {
    await owner.end();
  }
}

/** Making a database from nothing takes seconds, so a folder that is migrated already is kept for all tests to copy. */
async function embeddedTemplate(): Promise<string> {
  const digest = digestOf([ours.dependencies['@electric-sql/pglite'], migrations]);
  const template = join(tmpdir(), 'fairlead-test-databases', `${digest}.folder`);
  if (existsSync(template)) return template;
  const unfinished = `${template}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const database = await openDatabase({ dataDir: unfinished, log: createLog({ level: 'silent', service: 'test' }) });
  try {
    await migrate(database, [...migrations]);
  } finally {
    await database.stop();
  }
  try {
    renameSync(join(unfinished, 'db'), template);
  } catch (error) {
    if (!existsSync(template)) throw error; // another process was first
  }
  rmSync(unfinished, { recursive: true, force: true });
  return template;
}
