import { SendenseError } from '../errors/sendense-error.ts';
import type { CopyRequest } from './copy-request.ts';

const MIB = 1024 * 1024;
const WINDOW_BYTES = 8 * MIB;
const PIECE_BYTES = MIB;
const ZERO_PIECE_BYTES = 64 * 1024;

/** The sizes a copy works in, all in bytes. */
export type CopyGeometry = {
  readonly sizeBytes: number;
  /** Grid of the extents: fits reader, writer and the pieces of `unchanged`. */
  readonly alignmentBytes: number;
  /** Grid of the reads: fits the reader, and whole blocks of both grids when `unchanged` is asked. */
  readonly readAlignmentBytes: number;
  readonly writeAlignmentBytes: number;
  /** Grid and size of a buffer; a multiple of `alignmentBytes`. */
  readonly pieceBytes: number;
  readonly buffers: number;
  readonly maxReadBytes: number;
  readonly maxWriteBytes: number;
  readonly zeroPieceBytes: number;
};

function wrongRequest(message: string): SendenseError {
  return new SendenseError('RANGE_INVALID', message, { operation: 'copy-blocks' });
}

function powerOfTwo(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value > 0 && Number.isInteger(Math.log2(value))) return value;
  throw wrongRequest(`${what} must be a power of two, not ${value}`);
}

/** The largest multiple of `unit` within `limit`, at least one. */
function multipleWithin(limit: number, unit: number): number {
  const finite = Math.min(limit, Number.MAX_SAFE_INTEGER);
  return Math.max(unit, finite - (finite % unit));
}

/** Works out the sizes of a copy. Throws `RANGE_INVALID` when reader, writer and request cannot meet. */
export function copyGeometry({
  from,
  to,
  windowBytes,
  zeroPieceBytes,
  unchanged,
}: CopyRequest): CopyGeometry {
  if (to.sizeBytes < from.sizeBytes)
    throw wrongRequest(
      `the destination (${to.sizeBytes} bytes) is smaller than the source (${from.sizeBytes})`,
    );
  const writeAlignmentBytes = powerOfTwo(to.limits.alignmentBytes, 'the alignment of the writer');
  const testedBytes =
    unchanged && Math.max(powerOfTwo(unchanged.pieceBytes, 'unchanged.pieceBytes'), writeAlignmentBytes);
  const readAlignmentBytes = Math.max(
    powerOfTwo(from.limits.alignmentBytes, 'the alignment of the reader'),
    testedBytes ?? 1,
  );
  const alignmentBytes = Math.max(readAlignmentBytes, writeAlignmentBytes);
  const window = windowBytes ?? WINDOW_BYTES;
  if (!(window > 0)) throw wrongRequest(`windowBytes must be above 0, not ${window}`);
  const wanted = Math.min(PIECE_BYTES, Math.floor(window / 4), from.limits.maxBytes);
  const pieceBytes = multipleWithin(wanted, alignmentBytes);
  return {
    sizeBytes: from.sizeBytes,
    alignmentBytes,
    readAlignmentBytes,
    writeAlignmentBytes,
    pieceBytes,
    buffers: Math.max(2, Math.floor(window / pieceBytes)),
    maxReadBytes: multipleWithin(from.limits.maxBytes, from.limits.alignmentBytes),
    maxWriteBytes: multipleWithin(to.limits.maxBytes, writeAlignmentBytes),
    zeroPieceBytes: Math.max(
      writeAlignmentBytes,
      powerOfTwo(zeroPieceBytes ?? ZERO_PIECE_BYTES, 'zeroPieceBytes'),
    ),
  };
}
