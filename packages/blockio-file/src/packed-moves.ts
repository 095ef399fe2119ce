import { checkedInteger, checkRange, MOVE_SLOTS, SendenseError, type TransferRequest } from '@sendense/core';

/** One move of a transfer. */
export type Move = {
  readonly from: number;
  readonly source: number;
  readonly destination: number;
  readonly length: number;
};

/** The most bytes of a zero piece: four buffers of that size are held. */
export const MAX_PIECE_BYTES = 16 * 1024 * 1024;

/** How many moves `moves` holds. Throws `RANGE_INVALID` when its length is not a whole number of moves. */
export function countMoves(moves: Float64Array): number {
  if (moves.length % MOVE_SLOTS === 0) return moves.length / MOVE_SLOTS;
  throw new SendenseError('RANGE_INVALID', `${moves.length} slots are not whole moves of ${MOVE_SLOTS}`, {
    operation: 'check-moves',
  });
}

/** Move `index` as it stands, unchecked. */
export function moveAt(moves: Float64Array, index: number): Move {
  const slot = (position: number) => moves[index * MOVE_SLOTS + position] ?? Number.NaN;
  return { from: slot(0), source: slot(1), destination: slot(2), length: slot(3) };
}

/** Sizes in bytes of the opened sources and destination. */
export type TransferSizes = { readonly from: readonly number[]; readonly to: number };

/** Checks every slot before a byte moves; throws `RANGE_INVALID` naming the move. */
export function checkMoves(request: TransferRequest, sizes: TransferSizes): void {
  checkedInteger(request.zeros.pieceBytes, 'zero piece length', 1);
  if (request.zeros.pieceBytes > MAX_PIECE_BYTES) {
    throw new SendenseError('RANGE_INVALID', `a zero piece is at most ${MAX_PIECE_BYTES} bytes`, {
      operation: 'check-moves',
    });
  }
  const count = countMoves(request.moves);
  let end = count > 0 ? moveAt(request.moves, 0).destination : 0;
  for (let index = 0; index < count; index++) {
    const { from, source, destination, length } = moveAt(request.moves, index);
    const size = sizes.from[checkedInteger(from, `move ${index}: source index`)];
    if (size === undefined) {
      throw new SendenseError('RANGE_INVALID', `move ${index} names source ${from} of ${sizes.from.length}`, {
        operation: 'check-moves',
      });
    }
    checkedInteger(length, `move ${index}: length`, 1);
    checkRange({ offset: source, length }, size, `move ${index}: source`);
    checkRange({ offset: destination, length }, sizes.to, `move ${index}: destination`);
    if (request.zeros.action === 'pack' && destination !== end) throw apart(index);
    end = destination + length;
  }
}

function apart(index: number): SendenseError {
  return new SendenseError(
    'RANGE_INVALID',
    `move ${index} does not begin where the one before it ends: such moves cannot be packed`,
    { operation: 'check-moves' },
  );
}

/** Whether no byte of the destination is written twice: only then may writes pass each other. */
export function isDisjoint(moves: Float64Array): boolean {
  const ranges = Array.from({ length: countMoves(moves) }, (_, index) => moveAt(moves, index));
  ranges.sort((one, other) => one.destination - other.destination);
  return ranges.every(({ destination }, index) => {
    const before = ranges[index - 1];
    return before === undefined || before.destination + before.length <= destination;
  });
}
