import { endRecords, MOST_RECORD_BYTES } from './zip-records.ts';

const BLOCK_BYTES = 256 * 1024;
/** Some three million entries with paths of 80 bytes. */
const MOST_BYTES = 512 * 2 ** 20;

/** The directory at the end of a zip, kept as the bytes that it will be: about a hundred and the name for each entry. */
export class ZipDirectory {
  readonly #mostBytes: number;
  readonly #blocks: Buffer[] = [];
  #block = Buffer.alloc(0);
  #used = 0;
  #sizeBytes = 0;
  #count = 0;

  /** `mostBytes`: how much of it is kept in memory. */
  constructor(mostBytes: number = MOST_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /** Whether one more entry with a name of so many bytes may come into it. */
  hasRoom(nameBytes: number): boolean {
    return this.#sizeBytes + MOST_RECORD_BYTES + nameBytes <= this.#mostBytes;
  }

  /** Takes in the record of an entry. */
  add(record: Uint8Array): void {
    if (this.#used + record.byteLength > this.#block.byteLength) {
      this.#blocks.push(this.#block.subarray(0, this.#used));
      this.#block = Buffer.alloc(Math.max(BLOCK_BYTES, record.byteLength));
      this.#used = 0;
    }
    this.#block.set(record, this.#used);
    this.#used += record.byteLength;
    this.#sizeBytes += record.byteLength;
    this.#count += 1;
  }

  /** The directory and the end of the archive; `offset`: where they begin. */
  *end(offset: number): Generator<Uint8Array, void, undefined> {
    yield* this.#blocks;
    yield this.#block.subarray(0, this.#used);
    yield endRecords({ offset, sizeBytes: this.#sizeBytes, count: this.#count });
  }
}
