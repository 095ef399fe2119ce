import { pipeline, Readable } from 'node:stream';
import { createDeflateRaw, deflateRawSync } from 'node:zlib';

/** The quickest: an archive of a backup is to keep pace with the disk and the network. */
const LEVEL = 1;
const PIECE_BYTES = 64 * 1024;

/** Compresses a little at once. */
export function deflateAtOnce(bytes: Uint8Array): Uint8Array {
  return deflateRawSync(bytes, { level: LEVEL });
}

/** Compresses as it is read, a piece at a time. What `pieces` rejects with, it rejects with; who stops early ends `pieces` too. */
export function deflatePieces(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const compressor = createDeflateRaw({ level: LEVEL, chunkSize: PIECE_BYTES });
  // its error is that of the compressor, which whoever iterates is told
  pipeline(Readable.from(pieces), compressor, () => undefined);
  return compressor as AsyncIterable<Buffer>;
}
