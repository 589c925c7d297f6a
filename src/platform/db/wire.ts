import { Duplex } from 'node:stream';
import type { MessagePort } from 'node:worker_threads';

/**
 * What `pg` takes for its socket: bytes go to the database's thread over a message port and come back.
 *
 * `open` gives the port once the thread is up; the promise it gives may reject, which fails the connection.
 */
export class Wire extends Duplex {
  readonly #open: () => Promise<MessagePort>;
  #port: MessagePort | undefined;

  constructor(open: () => Promise<MessagePort>) {
    super();
    this.#open = open;
  }

  connect(): this {
    this.#open().then(
      (port) => {
        if (this.destroyed) return port.close();
        this.#port = port;
        port.on('message', (bytes: Uint8Array) => this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)));
        port.on('close', () => this.destroy(new Error('the embedded database closed the connection')));
        this.emit('connect');
      },
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#send(chunk);
    done();
  }

  /** `pg` corks the messages of one query; the backend must get them in one piece, up to their Sync. */
  override _writev(chunks: Array<{ chunk: Buffer }>, done: () => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)));
    done();
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#port?.removeAllListeners('close');
    this.#port?.close();
    this.#port = undefined;
    done(error);
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    this.#port?.ref();
    return this;
  }

  unref(): this {
    this.#port?.unref();
    return this;
  }

  #send(bytes: Buffer): void {
    // A copy, since Node's small buffers share one pool and `pg` goes on with its own; it is handed over, not copied again.
    const copy = Uint8Array.prototype.slice.call(bytes);
    this.#port?.postMessage(copy, [copy.buffer as ArrayBuffer]);
  }
}
