/** The conversation before the transmission, without sockets: bytes are asked for by number. */
export interface HandshakeChannel {
  /** Sends bytes to the server. */
  send(bytes: Uint8Array): void;
  /** The next `length` bytes. Rejects with `CONNECTION_LOST` when the server closes before. */
  receive(length: number): Promise<Uint8Array>;
  /** Goes over to TLS; the server has agreed. Rejects with `UNTRUSTED_PEER` by cause. */
  startTls(): Promise<void>;
}
