import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type EngineStart, openEngine } from './engine.ts';

export interface ThreadStart extends EngineStart {
  /** Opens the database, which makes it where there is none, and ends. */
  thenEnd?: boolean;
}

export type ToWorker = { kind: 'connect'; port: MessagePort } | { kind: 'dump' } | { kind: 'close' };
export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'dumped'; tar: Uint8Array<ArrayBuffer> }
  | { kind: 'closed' }
  | { kind: 'failed'; reason: string };

/** The first message on a port, which is not part of the conversation: the connection is served. */
const hello = new Uint8Array(0);
const terminate = 'X'.charCodeAt(0);
/** Answers are sent on in pieces of about this size, so that a large result is not held twice. */
const pieceBytes = 256 * 1024;

const parent = parentPort;
if (!parent) throw new Error('embedded.worker.ts runs as a worker thread only');
const tell = (message: FromWorker, transfer: ArrayBuffer[] = []) => parent.postMessage(message, transfer);

const { thenEnd, ...start } = workerData as ThreadStart;
const database = await openEngine(start, fail);
if (thenEnd) {
  await database.close();
  process.exit(0);
}
const version = await database.query<{ server_version: string }>('show server_version');
const greeting = answerToStartup(version.rows[0]?.server_version ?? '');
/** The connection being served. There is one backend, so a newer connection takes over from an older one. */
let served: MessagePort | undefined;
let work: Promise<void> = Promise.resolve();

parent.on('message', (message: ToWorker) => {
  work = work.then(() => handle(message)).catch(fail);
});
tell({ kind: 'ready' });

async function handle(message: ToWorker): Promise<void> {
  if (message.kind === 'connect') return serve(message.port);
  if (message.kind === 'dump') {
    const tar = new Uint8Array(await (await database.dumpDataDir('none')).arrayBuffer());
    return tell({ kind: 'dumped', tar }, [tar.buffer]);
  }
  served?.close();
  await database.close();
  tell({ kind: 'closed' });
  parent?.close();
}

async function serve(port: MessagePort): Promise<void> {
  served?.close();
  served = port;
  await resetSession();
  port.postMessage(hello);
  let started = false;
  port.on('message', (bytes: Uint8Array) => {
    work = work
      .then(async () => {
        if (served !== port) return;
        if (!started) {
          started = true;
          port.postMessage(greeting);
        } else if (bytes[0] !== terminate) {
          await run(port, bytes);
        }
      })
      .catch(fail);
  });
}

/** The backend outlives its connections: what an abandoned one left open must not reach the next. */
async function resetSession(): Promise<void> {
  if (database.isInTransaction()) await database.exec('rollback');
  await database.exec('discard all');
}

async function run(port: MessagePort, bytes: Uint8Array): Promise<void> {
  let pieces: Uint8Array[] = [];
  let held = 0;
  const send = () => {
    if (held === 0) return;
    const piece = new Uint8Array(held);
    let at = 0;
    for (const part of pieces) {
      piece.set(part, at);
      at += part.length;
    }
    pieces = [];
    held = 0;
    port.postMessage(piece, [piece.buffer]);
  };
  await database.execProtocolRawStream(bytes, {
    onRawData(view) {
      // The view looks into the database's memory, which changes under it.
      pieces.push(view.slice());
      held += view.length;
      if (held >= pieceBytes) send();
    },
  });
  send();
}

/** After an exception the state of the backend is unknown: this thread ends, and a new one recovers from the log. */
function fail(error: unknown): void {
  tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}

function answerToStartup(serverVersion: string): Uint8Array {
  const status = (name: string, value: string) => frame('S', Buffer.from(`${name}\0${value}\0`));
  return Buffer.concat([
    frame('R', Buffer.alloc(4)),
    status('server_version', serverVersion),
    status('server_encoding', 'UTF8'),
    status('client_encoding', 'UTF8'),
    status('DateStyle', 'ISO, MDY'),
    status('integer_datetimes', 'on'),
    status('standard_conforming_strings', 'on'),
    frame('K', Buffer.alloc(8)),
    frame('Z', Buffer.from('I')),
  ]);
}

function frame(type: string, body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
