import { mkdirSync } from 'node:fs';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Log } from '../telemetry/index.ts';
import type { FromWorker, ToWorker } from './embedded.worker.ts';
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
  if (!start.dataDir.startsWith('memory://')) mkdirSync(start.dataDir, { recursive: true, mode: 0o700 });
  let thread: Promise<Thread> | undefined;
  let stopping: Promise<void> | undefined;

  const current = (): Promise<Thread> => {
    if (stopping) return Promise.reject(new Error('the embedded database is stopped'));
    thread ??= startThread(start, (reason) => {
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

/** `onEnd` is called once the thread is gone and has let go of its files. */
function startThread(start: EngineStart, onEnd: (reason: string) => void): Promise<Thread> {
  // No environment and no flags: the thread needs none of our secrets.
  const worker = new Worker(workerFile, { workerData: start, env: {}, execArgv: [] });
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
      reject(
        DatabaseUnavailable(
          { reason: 'the embedded database did not start', remedy: 'See the log for the cause.' },
          { cause: new Error(reason) },
        ),
      );
    });
  });
}
