import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type Transport,
} from '@modelcontextprotocol/client';
import { isObject } from '../../kernel/json.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { type Connection, claimsRevision, type OpenConnection } from './connection.ts';
import { faultOf, isServerGone } from './faults.ts';

/** One side of the bridge: a client that speaks over standard input and output. */
export type ClientSide = Transport;

export interface BridgeDeps {
  client: ClientSide;
  /** Makes a connection to the server, wherever that is now. Rejects when it cannot be known. */
  open: OpenConnection;
  log: Log;
}

type Id = JSONRPCRequest['id'];

const pauseMs = [1_000, 2_000, 5_000, 10_000, 30_000];
const orderedMs = 10_000;

/**
 * Passes the messages of a client on to a server and back, without understanding more of them than it must: which
 * request an answer belongs to, and whether the client speaks in sessions (2025) or states the revision with each
 * request (2026). A server that was restarted is found again; a session that it has lost is opened anew with what the
 * client said to open the first.
 */
export function createBridge({ client, open, log }: BridgeDeps) {
  /** Requests of the client that have no answer yet, and how to end them. */
  const waiting = new Map<Id, { request: JSONRPCRequest; abort: AbortController }>();
  const closed = Promise.withResolvers<void>();
  let isClosed = false;
  let connection: Connection | undefined;
  let connecting: Promise<Connection> | undefined;
  /** What the client opened its session with; undefined for clients without sessions. */
  let opening: JSONRPCRequest | undefined;
  /** Said within the session and lost with it: the log level, and what is subscribed to. */
  const said = new Map<string, JSONRPCRequest>();
  let reviving: Promise<void> | undefined;

  const toClient = (message: JSONRPCMessage) => {
    if (isClosed) return;
    client.send(message).catch((error: unknown) => log.debug({ err: error }, 'the client is gone'));
  };

  function fromServer(message: JSONRPCMessage): void {
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      const { id } = message;
      const found = id === undefined ? undefined : waiting.get(id);
      if (id === undefined || !found) return;
      waiting.delete(id);
      if (found.request.method === 'initialize' && isJSONRPCResultResponse(message)) {
        opening = found.request;
        connection?.setRevision(message.result.protocolVersion);
      }
    }
    toClient(message);
  }

  function refuse(id: Id, error: unknown): void {
    if (waiting.delete(id)) toClient({ jsonrpc: '2.0', id, error: faultOf(error) });
  }

  /** A connection, and in it the session that the client had, if it had one. */
  async function connect(): Promise<Connection> {
    const made = await open({ onMessage: fromServer, onStreamLost: () => void revive() });
    try {
      if (isClosed) throw new Error('The client is gone.');
      connection = made;
      if (opening) {
        await made.resume(opening, [...said.values()]);
        log.info('connected to the server again');
      }
      return made;
    } catch (error) {
      connection = undefined;
      await made.close().catch(() => {});
      throw error;
    }
  }

  const connected = (): Promise<Connection> => {
    connecting ??= connect().catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };

  /** Forgets a connection that does not work any more, unless somebody has done so already, and makes another. */
  async function reconnect(broken: Connection | undefined): Promise<Connection> {
    if (broken && broken === connection) {
      connection = undefined;
      connecting = undefined;
      await broken.close().catch(() => {});
    }
    return connected();
  }

  /** Tries until the session is there again, so that what the server says by itself reaches the client. */
  function revive(): Promise<void> {
    reviving ??= (async () => {
      for (let attempt = 0; !isClosed; attempt++) {
        try {
          await reconnect(connection);
          return;
        } catch (error) {
          log.debug({ err: error }, 'the server cannot be reached');
          const pause = pauseMs[Math.min(attempt, pauseMs.length - 1)];
          await Promise.race([new Promise((resolve) => setTimeout(resolve, pause).unref()), closed.promise]);
        }
      }
    })().finally(() => {
      reviving = undefined;
    });
    return reviving;
  }

  async function deliver(message: JSONRPCMessage, signal?: AbortSignal): Promise<void> {
    let used: Connection | undefined;
    const send = async (target: Connection) => {
      used = target;
      await target.send(message, signal, () => lost(message));
    };
    try {
      await send(await connected());
    } catch (error) {
      if (isClosed || signal?.aborted || !isServerGone(error)) throw error;
      await send(await reconnect(used));
    }
  }

  /** The stream that should have brought the answer ended without it. */
  function lost(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) refuse(message.id, new Error('The connection to the server was cut.'));
  }

  async function request(message: JSONRPCRequest): Promise<void> {
    const abort = new AbortController();
    waiting.set(message.id, { request: message, abort });
    if (message.method === 'initialize') {
      opening = undefined; // until it is answered there is nothing to resume
      said.clear();
    } else remember(message);
    try {
      await deliver(message, abort.signal);
    } catch (error) {
      if (!abort.signal.aborted) refuse(message.id, error);
    }
  }

  function remember(message: JSONRPCRequest): void {
    const uri = isObject(message.params) ? String(message.params.uri) : '';
    if (message.method === 'logging/setLevel') said.set('level', message);
    else if (message.method === 'resources/subscribe') said.set(`uri ${uri}`, message);
    else if (message.method === 'resources/unsubscribe') said.delete(`uri ${uri}`);
  }

  /** A request that states its revision is cancelled by ending its stream: no other request of the server knows it. */
  function cancelled(message: JSONRPCMessage): boolean {
    if (!isJSONRPCNotification(message) || message.method !== 'notifications/cancelled') return false;
    const id = isObject(message.params) ? (message.params.requestId as Id) : undefined;
    const found = id === undefined ? undefined : waiting.get(id);
    if (id === undefined || !found || !claimsRevision(found.request)) return false;
    waiting.delete(id);
    found.abort.abort();
    return true;
  }

  // What has no answer goes in the order in which it came, and `initialize` before all that follows it.
  let turn: Promise<unknown> = Promise.resolve();
  let onTheWay = 0;
  function fromClient(message: JSONRPCMessage): void {
    if (cancelled(message)) return;
    onTheWay++;
    const work = () => (isJSONRPCRequest(message) ? request(message) : notify(message));
    const sent = turn.then(work).finally(() => onTheWay--);
    if (isJSONRPCRequest(message) && message.method !== 'initialize') return;
    turn = Promise.race([sent, new Promise((resolve) => setTimeout(resolve, orderedMs).unref())]);
  }

  async function notify(message: JSONRPCMessage): Promise<void> {
    await deliver(message).catch((error: unknown) => log.warn({ err: error }, 'a message could not be delivered'));
  }

  async function stop(): Promise<void> {
    if (isClosed) return closed.promise;
    isClosed = true;
    for (const { abort } of waiting.values()) abort.abort();
    waiting.clear();
    await connection?.close({ endSession: true }).catch((error: unknown) => log.debug({ err: error }, 'not ended'));
    await client.close().catch(() => {});
    closed.resolve();
  }

  return {
    /** Resolves when the client is gone or `stop` was called, and everything is closed. */
    async run(): Promise<void> {
      client.onmessage = fromClient;
      client.onerror = (error) => log.warn({ err: error }, 'a message of the client cannot be read');
      client.onclose = () => void stop();
      await client.start();
      await closed.promise;
    },
    /** Whether everything that the client said was delivered, and answered where it wants an answer. */
    isIdle: () => onTheWay === 0 && waiting.size === 0,
    stop,
  };
}
