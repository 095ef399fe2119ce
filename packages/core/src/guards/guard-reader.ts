import type { BlockReader } from '../block/block-reader.ts';
import type { ByteRange } from '../values/extent.ts';
import {
  checkAccess,
  checkBytes,
  checkForward,
  checkInside,
  checkIterable,
  checkMaximum,
  checkObject,
} from './check-arguments.ts';
import { Gate } from './gate.ts';
import { guardOnce } from './guard-once.ts';

/** See {@link guardReader}; inside a handle it is closed with it. */
export const guardReaderWithin = guardOnce<BlockReader, Gate>((inner, parent) => {
  const gate = new Gate('reader', parent);
  const { sizeBytes, limits, digestPieceBytes } = inner;
  const locate = inner.locate?.bind(inner);
  const digests = inner.digests?.bind(inner);
  let position = 0;
  const checkListed = (range: ByteRange, operation: string): void => {
    checkObject(range, 'range');
    checkInside(range.offset, range.length, sizeBytes, operation);
  };
  return {
    sizeBytes,
    limits,
    read: (offset, into, call) =>
      gate.query(
        'read-blocks',
        call,
        () => {
          checkBytes(into, 'into');
          checkAccess(offset, into.byteLength, inner, 'read-blocks');
          checkMaximum(into.byteLength, limits.maxBytes, 'read-blocks');
          if (limits.order !== 'ascending' || into.byteLength === 0) return;
          checkForward(offset, position, 'read-blocks');
          position = offset + into.byteLength;
        },
        () => (into.byteLength === 0 ? Promise.resolve() : inner.read(offset, into, call)),
      ),
    extents: (range, call) =>
      gate.iterate(
        'list-extents',
        call,
        () => checkListed(range, 'list-extents'),
        () => (range.length === 0 ? nothing() : inner.extents(range, call)),
      ),
    ...(locate && {
      locate: (range, call) =>
        gate.iterate(
          'locate-blocks',
          call,
          () => checkListed(range, 'locate-blocks'),
          () => (range.length === 0 ? nothing() : locate(range, call)),
        ),
    }),
    ...(digestPieceBytes !== undefined && { digestPieceBytes }),
    ...(digests && {
      digests: (pieces, call) =>
        gate.iterate(
          'read-digests',
          call,
          () => checkIterable(pieces, 'pieces'),
          () => digests(checkedPieces(pieces, digestPieceBytes ?? 1, sizeBytes), call),
        ),
    }),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
});

/**
 * A reader that receives only what `BlockReader` promises it: open, typed, inside the disk, aligned, within `maxBytes`,
 * forward where the order is `ascending`, never of zero length.
 */
export function guardReader(reader: BlockReader): BlockReader {
  return guardReaderWithin(reader);
}

async function* nothing(): AsyncGenerator<never, void, undefined> {}

/** Pieces on the grid of the digests, ascending. */
async function* checkedPieces(
  pieces: AsyncIterable<ByteRange>,
  pieceBytes: number,
  sizeBytes: number,
): AsyncGenerator<ByteRange, void, undefined> {
  let position = 0;
  const disk = { sizeBytes, limits: { alignmentBytes: pieceBytes } };
  for await (const piece of pieces) {
    checkAccess(piece.offset, piece.length, disk, 'read-digests');
    checkMaximum(piece.length, pieceBytes, 'read-digests');
    checkForward(piece.offset, position, 'read-digests');
    position = piece.offset + piece.length;
    if (piece.length > 0) yield piece;
  }
}
