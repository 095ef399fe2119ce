import type { Socket } from 'node:net';
import { SendenseError, type SocketAddress, type TlsOptions } from '@sendense/core';
import { hungUpAfterTls, mapSocketError } from '@sendense/plugin-kit/nbd';
import { violation } from '../../protocol/index.ts';
import type { HandshakeChannel } from '../handshake/handshake-channel.ts';
import { type ByteFeed, type ByteSink, drainStream } from './byte-feed.ts';
import type { OpenSocket } from './open-socket.ts';
import { upgradeToTls } from './upgrade-to-tls.ts';

/** Where the channel leads, for TLS and for errors. */
export type ChannelPeer = {
  readonly address: SocketAddress;
  readonly tls?: TlsOptions;
  readonly subject: string;
};

/** A socket whose channel has ended. */
export type ReleasedSocket = {
  readonly socket: Socket;
  /** Gives all bytes from now on; they are valid only during the call. */
  readonly drain: (sink: ByteSink) => void;
};

/** The conversation before the transmission, over a socket that is read only as far as it is asked for. */
export class SocketChannel implements HandshakeChannel {
  readonly #peer: ChannelPeer;
  readonly #feed: ByteFeed | undefined;
  #socket: Socket;
  #failure: SendenseError | undefined;
  #waiting: (() => void) | undefined;
  /** TLS is agreed on, but the server has not shown yet that it accepts us. */
  #untested = false;

  constructor({ socket, feed }: OpenSocket, peer: ChannelPeer) {
    this.#peer = peer;
    this.#socket = socket;
    this.#feed = feed;
    this.#attach();
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  async receive(length: number): Promise<Uint8Array> {
    for (;;) {
      const bytes: unknown = this.#socket.read(length);
      if (bytes instanceof Uint8Array && bytes.byteLength === length) {
        this.#untested = false;
        return bytes;
      }
      const ended = bytes !== null || this.#socket.readableEnded || this.#socket.destroyed;
      if (this.#failure !== undefined || ended) throw this.#lost(this.#failure ?? this.#closed());
      await new Promise<void>((resolve) => (this.#waiting = resolve));
    }
  }

  async startTls(): Promise<void> {
    const { address, tls = {}, subject } = this.#peer;
    // Bytes sent in the clear ahead of the handshake must not be taken for bytes of the secured session.
    if (this.#socket.readableLength > 0) throw violation('sent data in the clear after agreeing on TLS');
    this.#detach();
    this.#socket = await upgradeToTls(this.#socket, address, tls, subject);
    this.#untested = true;
    this.#attach();
  }

  /** Ends the channel; its socket is the caller's, and what it has buffered comes with `drain`. */
  release(): ReleasedSocket {
    this.#detach();
    const [socket, feed] = [this.#socket, this.#feed];
    const drain = (sink: ByteSink): void =>
      feed === undefined ? drainStream(socket, sink) : feed.drain(sink);
    return { socket, drain };
  }

  /** Ends the channel and its socket at once, waking who waits. */
  destroy(error: SendenseError): void {
    this.#failure ??= error;
    this.#socket.destroy();
    this.#wake();
  }

  #attach(): void {
    this.#socket
      .on('readable', this.#wake)
      .on('end', this.#wake)
      .on('close', this.#wake)
      .on('error', this.#fail);
  }

  #detach(): void {
    const socket = this.#socket;
    socket
      .off('readable', this.#wake)
      .off('end', this.#wake)
      .off('close', this.#wake)
      .off('error', this.#fail);
  }

  readonly #wake = (): void => {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  };

  readonly #fail = (error: Error): void => {
    this.#failure ??= mapSocketError(error, 'connect-nbd', this.#peer.subject);
    this.#wake();
  };

  /** With TLS a server may hang up at once for a reason of its own. */
  #lost(failure: SendenseError): SendenseError {
    if (!this.#untested || failure.code !== 'CONNECTION_LOST') return failure;
    const { subject, tls } = this.#peer;
    return hungUpAfterTls(subject, tls?.certificatePem !== undefined, failure);
  }

  #closed(): SendenseError {
    return new SendenseError('CONNECTION_LOST', `${this.#peer.subject} closed the connection`, {
      operation: 'connect-nbd',
      remedy: 'check the log of the server: it may be full, or not let this client in',
    });
  }
}
