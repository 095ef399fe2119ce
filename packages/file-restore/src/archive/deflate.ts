import { pipeline, Readable } from 'node:stream';
import { createDeflateRaw, deflateRawSync } from 'node:zlib';

/** The quickest: an archive of a backup is to keep pace with the disk and the network. */
const LEVEL = 1;
const PIECE_BYTES = 64 * 1024;
/** The least that zlib takes for its output. */
const LEAST_CHUNK_BYTES = 64;

/** Compresses a little at once. */
export function deflateAtOnce(bytes: Uint8Array): Uint8Array {
  // Its output is never much longer: with the 16 KiB that are usual, 100,000 small files leave 1.6 GB of garbage.
  return deflateRawSync(bytes, { level: LEVEL, chunkSize: bytes.byteLength + LEAST_CHUNK_BYTES });
}

/** Compresses as it is read, a piece at a time. What `pieces` rejects with, it rejects with; who stops early ends `pieces` too. */
export function deflatePieces(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const compressor = createDeflateRaw({ level: LEVEL, chunkSize: PIECE_BYTES });
  // its error is that of the compressor, which whoever iterates is told
  pipeline(Readable.from(pieces), compressor, () => undefined);
  return compressor as AsyncIterable<Buffer>;
}
