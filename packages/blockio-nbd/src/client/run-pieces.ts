import type { ByteRange } from '@sendense/core';

/** Cuts a range into pieces of `maxBytes`, ascending; the last may be shorter. */
export function* splitRange({ offset, length }: ByteRange, maxBytes: number): Generator<ByteRange> {
  for (let start = 0; start < length; start += maxBytes) {
    yield { offset: offset + start, length: Math.min(maxBytes, length - start) };
  }
}

/** The longest piece that is a multiple of `unit` and at most `most`; `unit` itself when that is larger. */
export function pieceBytes(most: number, unit: number): number {
  return Math.max(unit, most - (most % unit));
}

/** How pieces are run. */
export type RunOptions = { readonly atOnce: number; readonly signal?: AbortSignal | undefined };

/** Runs all pieces of a range and settles when all have; after a failure those that have not begun are left out. */
export async function runPieces(
  range: ByteRange,
  maxBytes: number,
  run: (piece: ByteRange, signal: AbortSignal | undefined) => Promise<unknown>,
  { atOnce, signal }: RunOptions,
): Promise<void> {
  if (range.length <= maxBytes) {
    await run(range, signal);
    return;
  }
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const pieces = splitRange(range, maxBytes);
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (let next = pieces.next(); next.done !== true && failure === undefined; next = pieces.next()) {
      try {
        await run(next.value, both);
      } catch (error) {
        failure ??= { error };
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failure !== undefined) throw failure.error;
}
