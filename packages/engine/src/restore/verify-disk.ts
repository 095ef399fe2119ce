import {
  type BlockReader,
  type BlockWriter,
  type Call,
  copyBlocks,
  type DiskId,
  type Extent,
  type Pace,
  SendenseError,
  type UnchangedPieces,
} from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { comparePieces } from '../compare/compare-pieces.ts';
import { withoutSharedZeros } from '../compare/without-shared-zeros.ts';
import { trackExtents } from '../events/track-extents.ts';

/** Memory of one verification: nothing is written, so there is less to keep under way than in a copy. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** What to compare. */
export type DiskVerification = {
  readonly disk: DiskId;
  /** The disk in the point: what every piece must equal. */
  readonly expected: BlockReader;
  /** The disk at the target, read back. */
  readonly actual: BlockReader;
  readonly pace: Pace;
  /** Only these, ascending. Default: the whole disk. */
  readonly extents?: AsyncIterable<Extent>;
  readonly windowBytes?: number;
  /** `movedBytes` were read back, `doneBytes` are settled. */
  readonly onProgress: (done: { readonly doneBytes: number; readonly movedBytes: number }) => void;
};

/**
 * Reads a restored disk back and compares each piece with the digest that the point keeps of it, or with the point's bytes
 * where it keeps none. Holes that both sides prove are not read. Rejects with `CORRUPT` at the first difference. Returns
 * the bytes read back.
 */
export async function verifyDisk(verification: DiskVerification, call: Call): Promise<number> {
  const { expected, actual, pace, windowBytes = WINDOW_BYTES, onProgress } = verification;
  const pieces = comparePieces(expected, { blake3: await loadBlake3(), beyondEnd: 'zeros' }, call);
  if (expected.sizeBytes === 0) return 0;
  const all = verification.extents ?? expected.extents({ offset: 0, length: expected.sizeBytes }, call);
  const tracker = trackExtents(withoutSharedZeros(all, actual, 'data', call), {});
  const { bytesRead } = await copyBlocks(
    {
      from: actual,
      to: refusingWriter(actual.sizeBytes),
      extents: tracker.extents,
      pace,
      unchanged: refuseDifference(verification.disk, pieces),
      windowBytes,
    },
    {
      ...call,
      onProgress: ({ done }) => onProgress({ doneBytes: done + tracker.skippedBytes, movedBytes: done }),
    },
  );
  return bytesRead;
}

/** Answers "unchanged" or throws: a copy of a verified disk has nothing to write. */
function refuseDifference(disk: DiskId, pieces: UnchangedPieces): UnchangedPieces {
  return {
    pieceBytes: pieces.pieceBytes,
    async test(range, data) {
      if (await pieces.test(range, data)) return true;
      throw new SendenseError(
        'CORRUPT',
        `disk ${disk} read back from the target differs from the point in the ${range.length} bytes at ${range.offset}`,
        {
          operation: 'verify-restore',
          remedy:
            'verify the repository; if it is intact, check the target storage, roll back and restore again',
          context: { disk, offset: range.offset, length: range.length },
        },
      );
    },
  };
}

function refuse(): Promise<never> {
  return Promise.reject(new TypeError('a verification writes nothing'));
}

/** Where a verification would write: nothing ever arrives. */
function refusingWriter(sizeBytes: number): BlockWriter {
  return {
    sizeBytes,
    limits: { alignmentBytes: 1, maxBytes: 1024 * 1024, maxInFlight: 1, order: 'random' },
    rewritable: true,
    untouched: 'base',
    write: refuse,
    zero: refuse,
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
