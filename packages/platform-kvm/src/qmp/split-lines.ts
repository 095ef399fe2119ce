import { MAX_LINE_BYTES, notQmp } from './parse-message.ts';

const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines. Nothing is kept but the line that is still open, which is bounded. */
export class LineSplitter {
  readonly #maxBytes: number;
  #open: Buffer[] = [];
  #openBytes = 0;

  constructor(maxBytes: number = MAX_LINE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that `chunk` completes, without their ends; empty lines are left out. Throws `PROTOCOL_VIOLATION`. */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      const line = Buffer.concat(this.#open).toString('utf8').trimEnd();
      this.#open = [];
      this.#openBytes = 0;
      if (line !== '') yield line;
    }
    if (start < chunk.byteLength) this.#keep(chunk.subarray(start));
  }

  #keep(bytes: Buffer): void {
    this.#openBytes += bytes.byteLength;
    if (this.#openBytes > this.#maxBytes) throw notQmp(`a line longer than ${this.#maxBytes} bytes`);
    this.#open.push(bytes);
  }
}
