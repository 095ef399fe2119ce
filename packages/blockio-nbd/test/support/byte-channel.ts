import { SendenseError } from '@sendense/core';
import type { HandshakeChannel } from '../../src/client/handshake/handshake-channel.ts';

/** A channel whose server has said everything beforehand; it hangs up at the end. */
export class ByteChannel implements HandshakeChannel {
  readonly sent: Uint8Array[] = [];
  secured = 0;
  #rest: Uint8Array;

  constructor(...messages: readonly Uint8Array[]) {
    this.#rest = Buffer.concat(messages);
  }

  /** Bytes of the server that nobody has taken. */
  get left(): number {
    return this.#rest.byteLength;
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }

  async receive(length: number): Promise<Uint8Array> {
    if (length > this.#rest.byteLength) {
      throw new SendenseError('CONNECTION_LOST', 'the server hung up', { operation: 'test' });
    }
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return bytes;
  }

  async startTls(): Promise<void> {
    this.secured += 1;
  }
}
