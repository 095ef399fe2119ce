import type { BlockReader, ByteRange, Call, UnchangedPieces } from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import { openDigestWindows } from './digest-windows.ts';

/** Pieces of a reader that keeps no digests, in bytes. */
const PLAIN_PIECE_BYTES = 64 * 1024;

/** How a comparison treats what it cannot read off. */
export type ComparisonOptions = {
  readonly blake3: Blake3;
  /** What lies beyond the end of the reader: never equal (a delta must list it), or equal when it is zeros. */
  readonly beyondEnd: 'different' | 'zeros';
};

/** Tells which pieces equal those of `reader`: by the BLAKE3 it keeps beside its data, by the bytes where it has none. */
export function comparePieces(reader: BlockReader, options: ComparisonOptions, call: Call): UnchangedPieces {
  const pieceBytes = reader.digestPieceBytes ?? PLAIN_PIECE_BYTES;
  const windows = openDigestWindows(reader, call);
  const equalsBytes = createComparison(reader, call);
  return {
    pieceBytes,
    async test(range, data) {
      const inside = Math.max(0, Math.min(range.length, reader.sizeBytes - range.offset));
      if (inside < range.length) {
        if (options.beyondEnd === 'different') return false;
        if (data !== 'zero' && !isZero(data.subarray(inside))) return false;
      }
      if (inside === 0) return true;
      const head = data === 'zero' ? data : data.subarray(0, inside);
      const whole = inside === Math.min(pieceBytes, reader.sizeBytes - range.offset);
      const digest = whole ? await windows?.digest(range.offset / pieceBytes) : undefined;
      if (digest === undefined) return equalsBytes({ offset: range.offset, length: inside }, head);
      if (digest.length === 0) return head === 'zero' || isZero(head);
      return head !== 'zero' && Buffer.compare(options.blake3(head), digest) === 0;
    },
  };
}

/** Compares bytes with those of a reader, in memory that the next comparison uses again: there is one for each 64 KiB of a disk. */
function createComparison(reader: BlockReader, call: Call) {
  let spare: Buffer | undefined;
  return async (range: ByteRange, data: Uint8Array | 'zero'): Promise<boolean> => {
    const room = spare !== undefined && spare.byteLength >= range.length ? spare : undefined;
    spare = undefined; // until it was read into: another comparison may begin meanwhile
    const memory = room ?? Buffer.allocUnsafeSlow(range.length);
    const bytes = memory.subarray(0, range.length);
    await reader.read(range.offset, bytes, call);
    const isEqual = data === 'zero' ? isZero(bytes) : bytes.equals(data);
    spare = memory;
    return isEqual;
  };
}

function isZero(data: Uint8Array): boolean {
  return data.every((byte) => byte === 0);
}
