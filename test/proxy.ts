import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP relay whose far side can be made to vanish and to come back, as a service does that is restarted. */
export async function openProxy(target: { host: string; port: number }) {
  const sockets = new Set<Socket>();
  let port = 0;
  let server: Server | undefined;
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
  };

  async function open(): Promise<void> {
    server = createServer((near) => {
      const far = connect(target.port, target.host);
      keep(near, far);
      keep(far, near);
      near.pipe(far).pipe(near);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }
  async function close(): Promise<void> {
    const closed = server && once(server, 'close');
    server?.close();
    server = undefined;
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await open();
  return {
    port: () => port,
    /** Cuts every connection and refuses new ones. */
    lose: close,
    /** Listens again on the same port. */
    bringBack: open,
    stop: close,
  };
}
