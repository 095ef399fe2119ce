import type { BlockReader, ByteRange, Call } from '@sendense/core';
import { limitConcurrency } from '../flow/limit-concurrency.ts';

/** Reads of one batch under way at once: enough for a disk and for a connection. */
const MOST_IN_FLIGHT = 8;

/** Reads the bytes of each chunk into its buffer, which has its length. Settles when no read is under way any more. */
export async function readChunks(
  reader: BlockReader,
  chunks: readonly ByteRange[],
  buffers: readonly Uint8Array[],
  call: Call,
): Promise<void> {
  const { maxInFlight, maxBytes, alignmentBytes } = reader.limits;
  const limited = limitConcurrency(Math.min(maxInFlight, MOST_IN_FLIGHT));
  const pieceBytes = maxBytes - (maxBytes % alignmentBytes);
  let failed = false;
  const read = (offset: number, into: Uint8Array): Promise<void> =>
    limited(async () => {
      if (!failed) await reader.read(offset, into, call);
    });
  const reads = chunks.flatMap(({ offset, length }, index) => {
    const pieces: Promise<void>[] = [];
    for (let at = 0; at < length; at += pieceBytes)
      pieces.push(read(offset + at, (buffers[index] ?? new Uint8Array()).subarray(at, at + pieceBytes)));
    return pieces;
  });
  for (const one of reads)
    one.catch(() => {
      failed = true;
    });
  const settled = await Promise.allSettled(reads);
  const failure = settled.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
