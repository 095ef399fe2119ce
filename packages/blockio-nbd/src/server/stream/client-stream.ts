import type { Duplex } from 'node:stream';
import { type ErrorCode, SendenseError } from '@sendense/core';
import type { NbdServerTls } from '../server-options.ts';
import { ByteSource } from './byte-source.ts';
import { secureStream } from './secure-stream.ts';

/** How long a client may take to close its side after the server's goodbye. */
const GOODBYE_MS = 1000;

/** The bytes of one client, both ways. Each message, once begun, must be through within the timeout. */
export class ClientStream {
  readonly #timeoutMs: number;
  readonly #gone = new AbortController();
  #stream: Duplex;
  #source: ByteSource;
  #sending: Promise<void> = Promise.resolve();
  #failure: SendenseError | undefined;

  constructor(stream: Duplex, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#stream = stream;
    this.#source = this.#attach(stream);
  }

  /** Why the client was hung up on; `undefined` while it was not, and when it left by itself. */
  get failure(): SendenseError | undefined {
    return this.#failure;
  }

  /** Fires when the client is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Waits, for as long as it takes, until a message begins; `false` when the client has left or reading was stopped. */
  async nextBegins(): Promise<boolean> {
    return this.#source.more();
  }

  /** `length` bytes, which the caller has found to be no more than it is ready to hold. */
  async receive(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.#inTime(this.#source.read(bytes), 'a message did not arrive whole');
    return bytes;
  }

  /** Drops bytes. */
  async skip(length: number): Promise<void> {
    await this.#inTime(this.#source.skip(length), 'a message did not arrive whole');
  }

  /** Sends the parts of one message, after those of messages before it. Resolves when the system has taken them. */
  send(...parts: readonly Uint8Array[]): Promise<void> {
    const sent = this.#sending.then(() => this.#inTime(this.#write(parts), 'a reply was not taken'));
    this.#sending = sent.catch(() => undefined);
    return sent;
  }

  /** Goes on in TLS. */
  async secure(tls: NbdServerTls): Promise<void> {
    // Bytes sent in the clear ahead of the handshake must not be taken for bytes of the secured session.
    if (this.#source.buffered > 0) {
      throw this.#error('PROTOCOL_VIOLATION', 'the client sent data in the clear after it asked for TLS');
    }
    const plain = this.#stream;
    this.#source.release();
    const secured = await secureStream(plain, tls);
    this.#stream = secured;
    this.#source = this.#attach(secured);
  }

  /** No message is read any more. */
  stopReading(): void {
    this.#source.stop();
  }

  /** Says goodbye after what is being sent, and waits a moment for the client to leave. */
  async end(): Promise<void> {
    await this.#sending;
    const stream = this.#stream;
    if (stream.destroyed) return;
    const closed = Promise.withResolvers<void>();
    stream.once('close', () => closed.resolve());
    // Requests that nobody will answer are read all the same: a socket closed over them would take back the last reply.
    this.#source.release();
    stream.end();
    stream.resume();
    const patience = setTimeout(() => stream.destroy(), GOODBYE_MS);
    await closed.promise;
    clearTimeout(patience);
  }

  /** Hangs up at once. */
  cut(failure?: SendenseError): void {
    this.#failure ??= failure;
    this.#stream.destroy();
  }

  #attach(stream: Duplex): ByteSource {
    stream.on('error', () => undefined);
    stream.once('close', () => this.#gone.abort());
    return new ByteSource(stream);
  }

  #write(parts: readonly Uint8Array[]): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const lost = () => resolve(false);
    this.gone.addEventListener('abort', lost, { once: true });
    const taken = (error?: Error | null): void => {
      this.gone.removeEventListener('abort', lost);
      resolve(error === null || error === undefined);
    };
    const stream = this.#stream;
    stream.cork();
    for (const part of parts.slice(0, -1)) stream.write(part);
    stream.write(parts.at(-1) ?? new Uint8Array(), taken);
    stream.uncork();
    return promise;
  }

  /** Hangs up when `work` takes too long; throws when it ended with the client instead of with its message. */
  async #inTime(work: Promise<boolean>, what: string): Promise<void> {
    const timer = setTimeout(() => {
      this.cut(this.#error('TIMEOUT', `${what} within ${this.#timeoutMs} ms`));
    }, this.#timeoutMs);
    try {
      if (!(await work)) throw this.#failure ?? this.#error('CONNECTION_LOST', 'the client hung up');
    } finally {
      clearTimeout(timer);
    }
  }

  #error(code: ErrorCode, message: string): SendenseError {
    return new SendenseError(code, message, { operation: 'serve-nbd' });
  }
}
