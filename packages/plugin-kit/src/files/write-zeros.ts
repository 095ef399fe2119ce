import { type ByteRange, type Call, isZeroBytes, throwIfAborted } from '@sendense/core';
import type { FileHandle } from './file-handle.ts';

/** How much is looked at in one go. */
const STEP_BYTES = 1024 * 1024;

/** How finely: a hole of this size that lies at a multiple of it stays a hole. */
const PIECE_BYTES = 64 * 1024;

/** The end of the unit of `unitBytes` that `offset` lies in, at most `end`. */
function unitEnd(offset: number, unitBytes: number, end: number): number {
  return Math.min((Math.floor(offset / unitBytes) + 1) * unitBytes, end);
}

/**
 * Makes a range of a file or device read as zeros, writing only where something else is read: holes of a sparse file stay
 * holes, and a disk that is zeros already is not written at all. (Node.js cannot punch holes.) What lies beyond the end of
 * the file is written. `signal` is looked at before each mebibyte.
 */
export async function writeZeros(
  handle: FileHandle,
  { offset, length }: ByteRange,
  call?: Call,
): Promise<void> {
  const end = offset + length;
  const found = new Uint8Array(Math.min(STEP_BYTES, length));
  for (let at = offset; at < end; ) {
    throwIfAborted(call?.signal, 'write-zeros');
    const stop = unitEnd(at, STEP_BYTES, end);
    const part = found.subarray(0, stop - at);
    const count = await handle.read(part, at);
    // what cannot be read is no zeros yet
    part.fill(1, count);
    for (const range of dirtyPieces(part, at))
      await handle.write(part.subarray(0, range.length).fill(0), range.offset);
    at = stop;
  }
}

/** Runs of pieces of `bytes`, which lie at `position`, that are not all zeros; they are found before any is written. */
function dirtyPieces(bytes: Uint8Array, position: number): ByteRange[] {
  const runs: { offset: number; length: number }[] = [];
  const end = position + bytes.byteLength;
  for (let at = position; at < end; ) {
    const stop = unitEnd(at, PIECE_BYTES, end);
    const last = runs.at(-1);
    if (!isZeroBytes(bytes.subarray(at - position, stop - position))) {
      if (last !== undefined && last.offset + last.length === at) last.length += stop - at;
      else runs.push({ offset: at, length: stop - at });
    }
    at = stop;
  }
  return runs;
}
