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
