import {
  isJSONRPCErrorResponse,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  PROTOCOL_VERSION_META_KEY,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { isObject } from '../../kernel/json.ts';
import type { Log } from '../../platform/telemetry/index.ts';

/** A way to the server. It is used until it breaks, then another one is made. */
export interface Connection {
  /**
   * Rejects when the server did not take the message.
   * @param onEnd the stream that was to bring the answer has ended
   */
  send(message: JSONRPCMessage, signal?: AbortSignal, onEnd?: () => void): Promise<void>;
  /** The revision that `initialize` agreed on: a header of all that follows in the session. */
  setRevision(revision: unknown): void;
  /** Opens a session with what opened the one that was lost, and says again what was said in it. */
  resume(initialize: JSONRPCRequest, said: readonly JSONRPCRequest[]): Promise<void>;
  close(options?: { endSession?: boolean }): Promise<void>;
}

export interface ConnectionEvents {
  onMessage(message: JSONRPCMessage): void;
  /** What the server says by itself does not come any more. */
  onStreamLost(): void;
}

export type OpenConnection = (events: ConnectionEvents) => Promise<Connection>;

export interface ConnectionDeps {
  mcpUrl: string;
  key: string;
  fetch: typeof globalThis.fetch;
  log: Log;
}

const endSessionMs = 2_000;
const ownIds = 'fairlead-stdio:';

/** Whether a request says itself by which revision it is meant, as from 2026-07-28 on. */
export function claimsRevision({ params }: JSONRPCRequest): boolean {
  const meta = isObject(params) ? params._meta : undefined;
  return isObject(meta) && typeof meta[PROTOCOL_VERSION_META_KEY] === 'string';
}

/** The SDK's transport: headers by what each message says, one stream a request, resumption of streams that break. */
export async function openConnection(
  { mcpUrl, key, fetch, log }: ConnectionDeps,
  events: ConnectionEvents,
): Promise<Connection> {
  const transport = new StreamableHTTPClientTransport(new URL(mcpUrl), {
    fetch,
    requestInit: { headers: { authorization: `Bearer ${key}` } },
  });
  let closing = false;
  let counter = 0;
  const own = new Map<string, { resolve(message: JSONRPCMessage): void }>();

  transport.onmessage = (message) => {
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      const asked = own.get(String(message.id));
      if (asked) return asked.resolve(message);
    }
    events.onMessage(message);
  };
  transport.onerror = (error) => {
    if (closing) return;
    log.debug({ err: error }, 'the connection to the server has trouble');
    // The SDK says it in words only when it gives up a stream.
    if (/^Maximum reconnection attempts/.test(error.message)) events.onStreamLost();
  };
  await transport.start();

  /** A request of the bridge's own, whose answer the client never sees. */
  async function ask(request: JSONRPCRequest): Promise<JSONRPCMessage> {
    const id = `${ownIds}${++counter}`;
    const { promise, resolve, reject } = Promise.withResolvers<JSONRPCMessage>();
    own.set(id, { resolve });
    try {
      const onRequestStreamEnd = () => reject(new Error('The connection to the server was cut.'));
      await transport.send({ ...request, id }, { onRequestStreamEnd });
      return await promise;
    } finally {
      own.delete(id);
    }
  }

  const setRevision = (revision: unknown) => {
    if (typeof revision === 'string') transport.setProtocolVersion(revision);
  };

  return {
    setRevision,
    send: (message, requestSignal, onRequestStreamEnd) =>
      transport.send(message, {
        ...(requestSignal ? { requestSignal } : {}),
        ...(onRequestStreamEnd ? { onRequestStreamEnd } : {}),
      }),
    async resume(initialize, said) {
      const answer = await ask(initialize);
      if (!isJSONRPCResultResponse(answer)) throw new Error('The server does not open a session any more.');
      setRevision(answer.result.protocolVersion);
      await transport.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
      for (const request of said) await ask(request);
    },
    async close({ endSession = false } = {}) {
      closing = true;
      if (endSession && transport.sessionId !== undefined) {
        const late = new Promise((resolve) => setTimeout(resolve, endSessionMs).unref());
        await Promise.race([transport.terminateSession().catch(() => {}), late]);
      }
      await transport.close();
    },
  };
}
