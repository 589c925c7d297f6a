import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { InvalidRequest } from '../../kernel/errors.ts';
import { problemBody } from './problem.ts';

const reasons: Record<string, [status: number, reason: string, fault: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'its headers are too long'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Content Too Large', 'its chunk extensions are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'it did not arrive in time'],
};
const unreadable: [number, string, string] = [400, 'Bad Request', 'it is not HTTP'];

/** Answers in words what never becomes a request, where Node would only give a status. */
export function answerUnreadable(server: Server): void {
  // A connection in the middle of an answer must not get another one into it.
  const answering = new WeakSet<Duplex>();
  server.on('request', ({ socket }: IncomingMessage, outgoing: ServerResponse) => {
    answering.add(socket);
    outgoing.once('close', () => answering.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || answering.has(socket)) {
      socket.destroy();
      return;
    }
    const [status, reason, fault] = reasons[error.code ?? ''] ?? unreadable;
    const body = JSON.stringify(problemBody(InvalidRequest({ faults: fault }).toBody(), status));
    socket.end(
      `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/problem+json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
}

/**
 * Whether a request says in one way only for which host it is (RFC 9112, 3.2): what stands before this server may have
 * looked at the other. A target may be whole, as proxies are sent it, and has to name the same host then.
 */
export function isForOneHost({ rawHeaders, headers, url = '/' }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts > 1) return false;
  if (url.startsWith('/') || url === '*' || headers.host === undefined) return true;
  return URL.canParse(url) && new URL(url).host === headers.host.toLowerCase();
}

/** The same for a request that is HTTP, and could be understood in two ways: nothing that follows on the connection counts. */
export function refuseUnreadable(outgoing: ServerResponse, fault: string): void {
  const body = JSON.stringify(problemBody(InvalidRequest({ faults: fault }).toBody(), 400));
  outgoing.shouldKeepAlive = false;
  outgoing.writeHead(400, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  outgoing.end(body);
}
