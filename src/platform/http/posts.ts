import type { Socket } from 'node:net';
import { type buildConnector, errors } from 'undici';
import { createCrowd } from '../../kernel/crowd.ts';
import { type AnswerReader, type AnswerReceiver, createAnswerReader } from './answer.ts';

export interface PostUnderWay {
  /** Resolves at the end of the answer; rejects with what the receiver or connecting throws, and as `end` says. */
  over: Promise<void>;
  /** Closes the connection of an exchange that is not over. */
  end(reason: unknown): void;
}

/** Where POSTs go to: a URL taken apart. */
export interface PostTarget {
  origin: string;
  protocol: string;
  /** Without the brackets of IPv6. */
  hostname: string;
  /** As it stands in a `Host` header. */
  host: string;
  port: string;
  path: string;
}

/** POSTs over connections that are kept alive, one exchange at a time on each. */
export interface Posts {
  /** Names of headers in lower case. Throws for a header that cannot be sent. */
  send(target: PostTarget, headers: Record<string, string>, body: string, receiver: AnswerReceiver): PostUnderWay;
  /** Takes no connection again; what runs goes on to its end. */
  retire(): void;
  /** Cuts what runs, too. */
  destroy(): void;
}

/** Unless the other side says how long it keeps them. */
const idleMs = 4_000;
/** Sooner than the other side does: it must not close a connection while we send on it. */
const headStartMs = 1_000;
const longestIdleMs = 600_000;
const sweepMs = 1_000;

interface Exchange {
  resolve(): void;
  reject(reason: unknown): void;
  line: Line | undefined;
  ended: { reason: unknown } | undefined;
}

/** A connection, and the exchange that is on it. */
interface Line {
  socket: Socket;
  reader: AnswerReader;
  exchange: Exchange | undefined;
  /** On the clock of `performance`. */
  idleUntil: number;
}

/**
 * What a call of a tool needs of an HTTP client, and no more: a client for everything costs as much as all stages of a call
 * together. Connections are made by `connect`, which decides where one may lead.
 */
export function createPosts(connect: buildConnector.connector): Posts {
  const idle = new Map<string, Line[]>();
  const lines = createCrowd<Line>();
  let isRetired = false;
  let isDestroyed = false;
  let sweeper: NodeJS.Timeout | undefined;

  const finish = (line: Line, origin: string) => {
    const { exchange, reader, socket } = line;
    line.exchange = undefined;
    const keptMs = reader.keptSeconds();
    const lastsMs = keptMs === undefined ? idleMs : Math.min(keptMs * 1_000 - headStartMs, longestIdleMs);
    // An answer that came before all of the request was sent leaves the rest of it in the way.
    const isClear = reader.isReusable() && socket.writableLength === 0 && !socket.destroyed;
    if (isRetired || !isClear || lastsMs <= 0) socket.destroy();
    else {
      line.idleUntil = performance.now() + lastsMs;
      const others = idle.get(origin);
      if (others) others.push(line);
      else idle.set(origin, [line]);
      sweeper ??= setInterval(sweep, sweepMs).unref();
    }
    exchange?.resolve();
  };

  /** The one that was used last: the others may be closed in time. */
  const takeIdle = (origin: string): Line | undefined => {
    const waiting = idle.get(origin);
    for (let line = waiting?.pop(); line; line = waiting?.pop()) {
      if (!line.socket.destroyed && line.socket.writable && line.idleUntil > performance.now()) return line;
      line.socket.destroy();
    }
    return undefined;
  };

  const sweep = () => {
    const now = performance.now();
    for (const [origin, waiting] of idle) {
      const kept = waiting.filter(({ socket, idleUntil }) => !socket.destroyed && idleUntil > now);
      for (const line of waiting) if (!kept.includes(line)) line.socket.destroy();
      if (kept.length > 0) idle.set(origin, kept);
      else idle.delete(origin);
    }
    if (idle.size > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  };

  const fail = (line: Line, reason: unknown) => {
    const { exchange } = line;
    line.exchange = undefined;
    line.socket.destroy();
    exchange?.reject(reason);
  };

  const opened = (socket: Socket, origin: string): Line => {
    const line: Line = { socket, reader: createAnswerReader(), exchange: undefined, idleUntil: 0 };
    const leave = lines.enter(line);
    const lost = () => {
      if (line.exchange && line.reader.endsHere()) finish(line, origin);
      else fail(line, new errors.SocketError('other side closed'));
    };
    socket.on('data', (chunk: Buffer) => {
      if (!line.exchange) return void socket.destroy(); // nobody has asked for anything
      try {
        if (line.reader.take(chunk)) finish(line, origin);
      } catch (error) {
        fail(line, error);
      }
    });
    socket.on('error', (error) => fail(line, error));
    socket.once('end', lost);
    socket.once('close', () => {
      leave();
      lost();
    });
    return line;
  };

  const exchangeOn = (line: Line, exchange: Exchange, text: string | Buffer, receiver: AnswerReceiver) => {
    line.exchange = exchange;
    exchange.line = line;
    line.reader.begin(receiver);
    line.socket.write(text);
  };

  return {
    send(target, headers, body, receiver) {
      const { origin, protocol, hostname, host, port } = target;
      const text = requestText(target, headers, body);
      const { promise: over, resolve, reject } = Promise.withResolvers<void>();
      const exchange: Exchange = { resolve, reject, line: undefined, ended: undefined };
      const known = takeIdle(origin);
      if (known) exchangeOn(known, exchange, text, receiver);
      else
        connect({ protocol, hostname, host, port }, (error, socket) => {
          if (error) return reject(error);
          if (exchange.ended || isDestroyed) {
            socket?.destroy();
            return reject(exchange.ended?.reason ?? new errors.ClientDestroyedError('the connection was closed'));
          }
          if (socket) exchangeOn(opened(socket, origin), exchange, text, receiver);
        });
      const end = (reason: unknown) => {
        exchange.ended ??= { reason };
        reject(reason);
        if (exchange.line?.exchange === exchange) fail(exchange.line, reason);
      };
      return { over, end };
    },
    retire() {
      isRetired = true;
      clearInterval(sweeper);
      for (const waiting of idle.values()) for (const { socket } of waiting) socket.destroy();
      idle.clear();
    },
    destroy() {
      isDestroyed = true;
      this.retire();
      for (const line of lines) fail(line, new errors.ClientDestroyedError('the connection was closed'));
    },
  };
}

const name = /^[!#$%&'*+\-.^_`|~\da-z]+$/; // RFC 9110, 5.6.2
const value = /^[\t\x20-\x7e\x80-\xff]*$/;
/** What we say ourselves, and what would change how the request is read. */
const ours = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'expect', 'te']);

/** In one piece, which is one segment and one call of the system. */
function requestText({ host, path }: PostTarget, headers: Record<string, string>, body: string): string | Buffer {
  let head = `POST ${path} HTTP/1.1\r\n${'host' in headers ? '' : `host: ${host}\r\n`}connection: keep-alive\r\n`;
  let isAscii = true;
  for (const key in headers) {
    const said = headers[key] ?? '';
    if (!name.test(key) || !value.test(said) || ours.has(key))
      throw new errors.InvalidArgumentError(`the header ${JSON.stringify(key)} cannot be sent`);
    isAscii &&= !beyondAscii.test(said);
    head += `${key}: ${said}\r\n`;
  }
  head += `content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return isAscii ? head + body : Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}

const beyondAscii = /[\x80-\xff]/;
