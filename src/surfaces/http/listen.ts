import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecure, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { InvalidRequest } from '../../kernel/errors.ts';
import type { HttpApp } from './app.ts';
import { problemOf } from './problem.ts';
import type { Shortcut } from './shortcut.ts';
import { answerUnreadable, isForOneHost, refuseUnreadable } from './unreadable.ts';

export interface TlsMaterial {
  cert: string;
  key: string;
  ca?: string;
  requireClientCert: boolean;
}

/**
 * The address taken, so that a port in use is known before anything else is started. Until `open`, and again after
 * `shut`, it answers 503.
 */
export interface Door {
  /** The port that was given, also when 0 was asked for. */
  port: number;
  open(app: HttpApp): void;
  shut(): void;
  /** New connections use the new material; those that are open keep theirs. */
  renewTls(material: TlsMaterial): void;
  /** Closes the door, waits for what is open at most so long, then cuts it. */
  stop(graceMs: number): Promise<void>;
}

// Slow or oversized heads must not hold a connection: Node's own bounds, stated here because the threat counts on them.
const limits = {
  headersTimeout: 20_000,
  requestTimeout: 300_000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 16_384,
  requireHostHeader: false, // refused below all the same, but with a body
};

/** Rejects when the address cannot be had. */
export async function openDoor(host: string, port: number, tls?: TlsMaterial): Promise<Door> {
  type Fetch = Parameters<typeof getRequestListener>[0];
  const closed: Fetch = (request) => {
    const alive = new URL(request.url).pathname === '/healthz';
    return Response.json(
      { status: alive ? 'ok' : 'starting or stopping' },
      alive ? {} : { status: 503, headers: { 'retry-after': '1' } },
    );
  };
  let fetch = closed;
  let shortcut: Shortcut | undefined;
  const listener = getRequestListener((request, env) => fetch(request, env), {
    // The app answers its own errors: what ends here is a target or a Host header that no URL can be made of.
    errorHandler: () => problemOf(InvalidRequest({ faults: 'its target or its Host header cannot be read' })),
  });
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (!isForOneHost(incoming)) return refuseUnreadable(outgoing, 'it names more than one host');
    if (!shortcut || !(await shortcut(incoming, outgoing))) await listener(incoming, outgoing);
  };
  const server = tls ? createSecure({ ...limits, ...secureOptions(tls) }, serve) : createPlain(limits, serve);
  answerUnreadable(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    open(opened) {
      fetch = opened.app.fetch as Fetch;
      shortcut = opened.shortcut;
    },
    shut() {
      fetch = closed;
      shortcut = undefined;
    },
    renewTls(material) {
      if (tls) (server as unknown as SecureServer).setSecureContext(secureOptions(material));
    },
    async stop(graceMs) {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await ended;
      clearTimeout(cut);
    },
  };
}

function secureOptions({ cert, key, ca, requireClientCert }: TlsMaterial) {
  return {
    cert,
    key,
    ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: requireClientCert }),
  };
}
