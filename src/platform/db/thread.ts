import { existsSync, mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { FairleadError } from '../../kernel/errors.ts';
import type { Log } from '../telemetry/index.ts';
import { syncTree } from './durablefs.ts';
import type { FromWorker, ThreadStart, ToWorker } from './embedded.worker.ts';
import type { EngineStart } from './engine.ts';
import { DatabaseUnavailable } from './errors.ts';

/** Compiled, the thread's file ends in `.js` like this one. */
const workerFile = new URL(`./embedded.worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/** The embedded database, as long as it is wanted: a thread that ends by itself is replaced. */
export interface EngineThread {
  /** A connection to it, which takes over from the one before: there is one backend. */
  connect(): Promise<MessagePort>;
  /** A tar of the whole data folder, to open others from. */
  dump(): Promise<Uint8Array>;
  stop(): Promise<void>;
}

interface Thread {
  /** Undefined when the thread has ended. */
  connect(): Promise<MessagePort | undefined>;
  ask(message: { kind: 'dump' } | { kind: 'close' }): Promise<FromWorker>;
  kill(): Promise<number>;
}

/** Resolves when the engine runs. @throws DatabaseUnavailable */
export async function openThread(start: EngineStart, log: Log): Promise<EngineThread> {
  const inMemory = start.dataDir.startsWith('memory://');
  // A seed is for the database that is made; one that is there refuses it.
  const eachStart = inMemory ? start : { dataDir: start.dataDir };
  let thread: Promise<Thread> | undefined;
  let stopping: Promise<void> | undefined;

  const current = (): Promise<Thread> => {
    if (stopping) return Promise.reject(new Error('the embedded database is stopped'));
    thread ??= startThread(eachStart, (reason) => {
      thread = undefined;
      if (!stopping) log.error({ reason }, 'the embedded database ended; it starts again with the next query');
    });
    return thread;
  };
  const close = async () => {
    const last = await thread?.catch(() => undefined);
    await last
      ?.ask({ kind: 'close' })
      .catch((err: unknown) => log.error({ err }, 'the embedded database did not close'));
    await last?.kill();
  };

  if (!inMemory) await makeDatabase(start);
  await current();
  return {
    async connect() {
      for (;;) {
        const port = await (await current()).connect();
        if (port) return port;
      }
    },
    async dump() {
      const reply = await (await current()).ask({ kind: 'dump' });
      if (reply.kind !== 'dumped') throw new Error('the embedded database gave no dump');
      return reply.tar;
    },
    stop() {
      stopping ??= close();
      return stopping;
    },
  };
}

/**
 * Where there is no database yet, makes one beside its place and then moves it there: a process killed meanwhile
 * leaves nothing that looks like a database. In a thread of its own, since making one takes 400 MB, which go with it.
 */
async function makeDatabase(start: EngineStart): Promise<void> {
  const folder = start.dataDir;
  if (existsSync(join(folder, 'PG_VERSION'))) return;
  const making = `${folder}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true, mode: 0o700 });
  await new Promise<void>((resolve, reject) => {
    const worker = startWorker({ ...start, dataDir: making, thenEnd: true });
    let cause: unknown;
    worker.once('error', (error) => {
      cause = error;
    });
    worker.once('exit', (code) => (code === 0 ? resolve() : reject(didNotStart(cause))));
  });
  // Fails where something else lies: that is not ours to remove.
  if (existsSync(folder)) rmdirSync(folder);
  renameSync(making, folder);
  syncTree(folder).catch(() => {});
}

function startWorker(workerData: ThreadStart): Worker {
  // No environment and no flags: the thread needs none of our secrets.
  return new Worker(workerFile, { workerData, env: {}, execArgv: [] });
}

function didNotStart(cause: unknown): FairleadError {
  return DatabaseUnavailable(
    { reason: 'the embedded database did not start', remedy: 'See the log for the cause.' },
    { cause },
  );
}

/** `onEnd` is called once the thread is gone and has let go of its files. */
function startThread(start: EngineStart, onEnd: (reason: string) => void): Promise<Thread> {
  const worker = startWorker(start);
  const post = (message: ToWorker, transfer: MessagePort[] = []) => worker.postMessage(message, transfer);
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let reason = '';

  const connect = async (): Promise<MessagePort | undefined> => {
    const { port1, port2 } = new MessageChannel();
    const served = new Promise<MessagePort>((resolve) => port1.once('message', () => resolve(port1)));
    post({ kind: 'connect', port: port2 }, [port2]);
    return Promise.race([served, ended.then(() => undefined)]);
  };
  const ask = (message: { kind: 'dump' } | { kind: 'close' }) =>
    new Promise<FromWorker>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('exit', () => reject(new Error(`the thread ended: ${reason}`)));
      post(message);
    });

  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') resolve({ connect, ask, kill: () => worker.terminate() });
      if (message.kind === 'failed') reason = message.reason;
    });
    worker.on('error', (error) => {
      reason ||= error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', () => {
      onEnd(reason);
      reject(didNotStart(new Error(reason)));
    });
  });
}
