import type { ArchiveEnd } from './archive-end.ts';

// Layout: APPNOTE.TXT 6.3.10 of PKWARE (4.3.14 to 4.3.16); an archive of a server has no comment.
const END_SIGNATURE = 0x06054b50;
const LONG_END_SIGNATURE = 0x06064b50;
const END_BYTES = 22;
/** With the end record of zip64, and the record that tells where that is. */
const LONG_END_BYTES = 56 + 20 + END_BYTES;
/** From here on, numbers stand in the end record of zip64. */
const FULL = 0xff_ff_ff_ff;
const MANY = 0xff_ff;

/** The end of a zip archive: a record that tells where its directory lies, which is just before it. That of a zip in the archive does not. */
export class ZipEnd implements ArchiveEnd {
  #sizeBytes = 0;
  #tail = Buffer.alloc(0);

  get isReached(): boolean {
    const tail = this.#tail;
    if (tail.length < END_BYTES) return false;
    const end = tail.subarray(-END_BYTES);
    if (end.readUInt32LE(0) !== END_SIGNATURE || end.readUInt16LE(20) !== 0) return false;
    const count = end.readUInt16LE(10);
    const sizeBytes = end.readUInt32LE(12);
    const offset = end.readUInt32LE(16);
    if (count < MANY && sizeBytes < FULL && offset < FULL)
      return offset + sizeBytes + END_BYTES === this.#sizeBytes;
    return tail.length === LONG_END_BYTES && longDirectoryEnd(tail) + LONG_END_BYTES === this.#sizeBytes;
  }

  push(piece: Uint8Array): void {
    this.#sizeBytes += piece.length;
    // of a large piece only its end is copied
    this.#tail = Buffer.concat([this.#tail, piece.subarray(-LONG_END_BYTES)]).subarray(-LONG_END_BYTES);
  }
}

/** Where the directory ends by the end record of zip64; no place without one. */
function longDirectoryEnd(record: Buffer): number {
  if (record.readUInt32LE(0) !== LONG_END_SIGNATURE) return Number.NaN;
  return Number(record.readBigUInt64LE(40) + record.readBigUInt64LE(48));
}
