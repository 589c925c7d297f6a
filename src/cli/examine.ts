import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { delimiter, resolve } from 'node:path';
import { commandLineSettings, faultsOf, inheritedEnvironment, loadSettings, nameDataDir } from '../config/index.ts';
import type { Settings } from '../config/schema.ts';
import { asFairleadError } from '../kernel/errors.ts';
import { createEgress } from '../platform/http/egress.ts';
import type { ReferenceState } from '../platform/secrets/index.ts';
import { createLog } from '../platform/telemetry/log.ts';
import { findServer } from './address.ts';
import { type CliContext, type CommandInput, textOf } from './command.ts';
import { reasonOf } from './errors.ts';
import { databaseName, offlineFlags } from './offline.ts';
import { orgsNotThere } from './orgs-of-settings.ts';
import { secretFit } from './secret-fit.ts';
import { readStartNotes, type StartNote, sameFolder } from './start-notes.ts';

/** One thing that was looked at. */
export interface Finding {
  what: string;
  state: 'ok' | 'note' | 'wrong';
  text: string;
  /** What to do about it. */
  action?: string;
}

const waitMs = 3_000;

/** Looks at everything that a server needs here, and changes nothing. */
export async function* examine(
  context: CliContext,
  options: CommandInput['options'],
): AsyncGenerator<Finding, void, void> {
  yield nodeVersion();
  const { settings, findings } = await readSettings(context, options);
  yield* findings;
  const servers = await serversHere(context, options);
  yield* await serverHealth(servers, context, options);
  if (!settings) return;
  yield* await dataFolder(settings, servers);
  yield await database(settings);
  if (!servers.own) yield* await secretOf(settings);
  yield* await organisations(settings);
  if (settings.redisUrl !== undefined) yield await redis(settings.redisUrl);
  yield* await upstreamCommands(settings, context.env);
  yield await port(settings, servers);
}

function nodeVersion(): Finding {
  const major = Number.parseInt(process.versions.node, 10);
  const text = `${process.version} (${process.execPath})`;
  if (major >= 24) return { what: 'Node', state: 'ok', text };
  return {
    what: 'Node',
    state: 'wrong',
    text: `${text} is too old`,
    action: 'Run npm start once: it installs Node 24.',
  };
}

async function readSettings(
  { env, cwd }: CliContext,
  options: CommandInput['options'],
): Promise<{ settings?: Settings; findings: Finding[] }> {
  const what = 'configuration';
  try {
    const { settingsFaults: further } = await import('../app/check.ts');
    const flags = offlineFlags(options);
    const { settings, warnings, references } = await loadSettings({ env, cwd, flags, prepare: false, further });
    const notes = warnings.map((text): Finding => ({ what, state: 'note', text }));
    return {
      settings,
      findings: [
        { what, state: 'ok', text: settings.configFile ?? 'no file, all defaults' },
        ...notes,
        ...secrets(references),
      ],
    };
  } catch (error) {
    const faults = faultsOf(error);
    if (!faults) throw error;
    const action = 'Correct it; `fairlead config check` looks again.';
    return { findings: faults.map((text) => ({ what, state: 'wrong', text, action })) };
  }
}

/** References of sound settings; those that a start cannot do without are faults of the settings. */
function secrets(references: readonly ReferenceState[]): Finding[] {
  const what = 'secrets';
  if (references.length === 0) return [];
  const missing = references.filter(({ state }) => state === 'missing');
  if (missing.length === 0) return [{ what, state: 'ok', text: `${references.length} references resolve` }];
  const action = 'What needs it waits; `fairlead secrets check` looks at all references.';
  return missing.map(({ place, reason = 'cannot be had' }) => ({
    what,
    state: 'wrong',
    text: `${place}: ${reason}`,
    action,
  }));
}

/** The servers that this user runs on this machine. */
interface Servers {
  /** The one on the data folder that is examined. */
  own: StartNote | undefined;
  others: StartNote[];
}

async function serversHere({ env, cwd }: CliContext, options: CommandInput['options']): Promise<Servers> {
  const notes = await readStartNotes(commandLineSettings(env).startNotes);
  const dataDir = nameDataDir({ env, cwd, flags: offlineFlags(options) });
  const own = notes.find((note) => sameFolder(note.dataDir, dataDir));
  return { own, others: notes.filter((note) => note !== own) };
}

async function serverHealth(
  { own, others }: Servers,
  context: CliContext,
  options: CommandInput['options'],
): Promise<Finding[]> {
  const what = 'server';
  const isNamed = (textOf(options.url) ?? commandLineSettings(context.env).url) !== undefined;
  const found = isNamed || own ? await findServer(context, options).catch(() => undefined) : undefined;
  if (!found) {
    const elsewhere = others.map(({ url, dataDir }) => `; ${url} runs on another data folder, ${dataDir}`).join('');
    return [{ what, state: 'note', text: `none runs here${elsewhere}`, action: 'Start one: npx fairlead serve' }];
  }
  const egress = createEgress({ allow: [], log: createLog({ level: 'silent', service: 'fairlead' }) });
  try {
    const signal = AbortSignal.timeout(waitMs);
    const response = await egress.fetch(`${found.url}/readyz`, { guarded: false, signal });
    const body = (await response.json()) as Readiness;
    const warnings = (body.warnings ?? []).map((text): Finding => ({ what, state: 'note', text }));
    if (response.ok) return [{ what, state: 'ok', text: `${found.url} is ready` }, ...warnings];
    const waiting = Object.entries(body.waiting ?? {}).map(([name, reason]) => `${name} ${reason}`);
    const text = `${found.url} is ${body.status}: ${waiting.join(', ')}`;
    return [{ what, state: 'note', text, action: 'Wait a moment.' }, ...warnings];
  } catch (error) {
    const text = `nothing answers at ${found.url}: ${reasonOf(error)}`;
    return [{ what, state: 'note', text, action: 'Start it: npx fairlead serve' }];
  } finally {
    await egress.stop();
  }
}

/** What `/readyz` answers. */
interface Readiness {
  status?: string;
  waiting?: Record<string, string>;
  warnings?: string[];
}

async function dataFolder({ dataDir }: Settings, { own }: Servers): Promise<Finding[]> {
  const what = 'data folder';
  const folder = await stat(dataDir).catch(() => undefined);
  if (!folder) return [{ what, state: 'note', text: `${dataDir} is not there yet; the first start makes it` }];
  const findings: Finding[] = [];
  const add = (state: Finding['state'], text: string, action?: string) =>
    findings.push({ what, state, text, ...(action ? { action } : {}) });
  const writable = await access(dataDir, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) add('wrong', `${dataDir} cannot be written to`, `chown it to the user that runs Fairlead`);
  else if (process.platform !== 'win32' && (folder.mode & 0o077) !== 0) {
    add('note', `${dataDir} is open to other users`, `chmod 700 ${dataDir}`);
  } else add('ok', dataDir);
  if (writable) {
    const { lockDataDir } = await import('../platform/db/index.ts');
    try {
      lockDataDir(dataDir).release();
    } catch {
      if (own) add('ok', `in use by the server at ${own.url}`);
      else add('note', 'in use by another process', 'Stop it before a second server, a backup or a restore.');
    }
  }
  return findings;
}

async function database(settings: Settings): Promise<Finding> {
  const what = 'database';
  const text = databaseName(settings);
  if (settings.databaseUrl === undefined) return { what, state: 'ok', text };
  try {
    const { databaseUrl, dataDir } = settings;
    const log = createLog({ level: 'silent', service: 'fairlead' });
    const { openDatabase } = await import('../platform/db/index.ts');
    const opened = await openDatabase({ databaseUrl, dataDir, log, waitMs });
    await opened.ping().finally(() => opened.stop());
    return { what, state: 'ok', text: `${text} answers` };
  } catch (error) {
    const { message, action } = asFairleadError(error);
    return { what, state: 'wrong', text: `${text}: ${message}`, action };
  }
}

async function secretOf(settings: Settings): Promise<Finding[]> {
  const what = 'secret';
  const fit = await secretFit(settings);
  if (!fit || fit.used.length === 0) return [];
  if (fit.missing.length === 0) return [{ what, state: 'ok', text: 'it is the one that the database was used with' }];
  const ids = fit.missing.join(', ');
  const none = fit.missing.length === fit.used.length;
  const text = none
    ? `it is not the one that the database was used with (${ids}): a server does not start`
    : `something in the database may be sealed under secrets that were not given (${ids})`;
  const action = none
    ? 'Give the right one (FAIRLEAD_SECRET, FAIRLEAD_SECRET_FILE). If it is lost: npx fairlead secrets forget'
    : 'Give it as FAIRLEAD_OTHER_SECRETS. If it is lost: npx fairlead secrets forget';
  return [{ what, state: 'wrong', text, action }];
}

async function organisations(settings: Settings): Promise<Finding[]> {
  const what = 'organisations';
  const orgs = await orgsNotThere(settings);
  if ('unseen' in orgs) return [{ what, state: 'note', text: orgs.unseen }];
  return orgs.missing.map(({ text }) => ({ what, state: 'note', text }));
}

async function redis(redisUrl: string): Promise<Finding> {
  const { hostname, port } = new URL(redisUrl);
  const address = { host: hostname.replace(/^\[|\]$/g, '') || 'localhost', port: Number(port || 6379) };
  const where = `${address.host}:${address.port}`;
  const { promise, resolve: done } = Promise.withResolvers<Finding>();
  const socket = connect({ ...address, timeout: waitMs });
  const action = 'Start it, or correct REDIS_URL.';
  socket.once('connect', () => done({ what: 'Redis', state: 'ok', text: `${where} takes connections` }));
  socket.once('timeout', () => done({ what: 'Redis', state: 'wrong', text: `${where} does not answer`, action }));
  socket.once('error', (error) =>
    done({ what: 'Redis', state: 'wrong', text: `${where}: ${reasonOf(error)}`, action }),
  );
  return promise.finally(() => socket.destroy());
}

async function upstreamCommands({ upstreams }: Settings, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const path = inheritedEnvironment(env).PATH ?? '';
  const findings = Object.entries(upstreams).map(async ([name, upstream]): Promise<Finding | undefined> => {
    if (!('command' in upstream)) return undefined;
    const { command, cwd = '.' } = upstream;
    const what = `upstream ${name}`;
    const found = await findProgram(command, cwd, path);
    if (found) return { what, state: 'ok', text: found };
    const action = 'Install it, or give its whole path in fairlead.yaml.';
    return { what, state: 'wrong', text: `the program ${command} is not on PATH`, action };
  });
  return (await Promise.all(findings)).filter((finding) => finding !== undefined);
}

async function findProgram(command: string, cwd: string, path: string): Promise<string | undefined> {
  const endings = process.platform === 'win32' ? ['', '.exe', '.cmd', '.bat'] : [''];
  const folders = /[\\/]/.test(command) ? [cwd] : path.split(delimiter);
  for (const folder of folders) {
    for (const ending of endings) {
      const file = resolve(folder, command + ending);
      if (
        await stat(file).then(
          (it) => it.isFile() && access(file, constants.X_OK).then(() => true),
          () => false,
        )
      )
        return file;
    }
  }
  return undefined;
}

async function port({ host, port: wanted }: Settings, { own, others }: Servers): Promise<Finding> {
  const what = 'port';
  const where = `${host}:${wanted}`;
  const { promise, resolve: done } = Promise.withResolvers<Finding>();
  const listener = createServer();
  listener.once('error', (error: NodeJS.ErrnoException) => {
    const taken = error.code === 'EADDRINUSE';
    if (taken && own?.port === wanted)
      done({ what, state: 'ok', text: `${where} is taken by the server that runs here` });
    else {
      const other = others.find((note) => note.port === wanted);
      const taker = other ? `your server on another data folder, ${other.dataDir}` : 'another process';
      const text = taken ? `${where} is taken by ${taker}` : `${where}: ${error.code}`;
      done({ what, state: 'wrong', text, action: 'Take another one: --port (FAIRLEAD_PORT), --host (FAIRLEAD_HOST).' });
    }
  });
  listener.listen(wanted, host, () => listener.close(() => done({ what, state: 'ok', text: `${where} is free` })));
  return promise;
}
