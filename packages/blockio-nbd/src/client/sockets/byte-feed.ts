import type { Socket } from 'node:net';

/** Takes bytes that are valid only during the call. */
export type ByteSink = (bytes: Uint8Array) => void;

/** Bytes that one read of a socket takes at most. */
const READ_BYTES = 256 * 1024;

/**
 * A socket that is read into one buffer over and over, once its bytes have a sink: a third of the time and a fraction of
 * the memory of Node's own way, which allocates 64 KiB for each read. Until then it behaves as any other stream.
 */
export class ByteFeed {
  #socket: Socket | undefined;
  #sink: ByteSink | undefined;

  /** For `net.connect`. */
  readonly onread = {
    buffer: new Uint8Array(READ_BYTES),
    callback: (count: number, buffer: Uint8Array): boolean => {
      const bytes = buffer.subarray(0, count);
      if (this.#sink === undefined) return this.#socket?.push(new Uint8Array(bytes)) ?? true;
      this.#sink(bytes);
      return true;
    },
  };

  /** The socket that was connected with `onread`. */
  attach(socket: Socket): void {
    this.#socket = socket;
  }

  /** From now on all bytes go to `sink`, those first that nobody has read yet. */
  drain(sink: ByteSink): void {
    this.#sink = sink;
    const early: unknown = this.#socket?.read();
    if (early instanceof Uint8Array) sink(early);
    this.#socket?.resume();
  }
}

/** The same of a socket without a feed, such as a TLS session. */
export function drainStream(socket: Socket, sink: ByteSink): void {
  socket.on('data', sink);
  socket.resume();
}
