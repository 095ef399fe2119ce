import { abortedError, throwIfAborted } from '../errors/aborted.ts';
import type { Call } from '../values/call.ts';
import type { Extent } from '../values/extent.ts';
import { alignExtents } from './align-extents.ts';
import type { CopyOptions } from './block-writer.ts';
import { type CopyGeometry, copyGeometry } from './copy-geometry.ts';
import { CopyLoop } from './copy-loop.ts';
import { limitProgress, sumProgress } from './copy-progress.ts';
import type { CopyRequest } from './copy-request.ts';
import type { CopyBlocksResult } from './copy-result.ts';
import { subtractRanges } from './subtract-ranges.ts';
import { TransferLoop } from './transfer-loop.ts';

/** A signal that fires with the caller's, or when the copy fails by itself, so that what is under way stops. */
function stopWith(signal: AbortSignal | undefined): {
  readonly stop: AbortController;
  readonly release: () => void;
} {
  const stop = new AbortController();
  const forward = (): void => stop.abort(signal?.reason);
  signal?.addEventListener('abort', forward, { once: true });
  return { stop, release: () => signal?.removeEventListener('abort', forward) };
}

/** The extents on the grid, without what an earlier attempt made durable. */
function remaining(
  request: CopyRequest,
  sizes: CopyGeometry,
  whole: boolean,
  call: Call,
): AsyncIterable<Extent> {
  const { alignmentBytes, writeAlignmentBytes, sizeBytes } = sizes;
  const aligned = alignExtents(request.extents, { alignmentBytes, sizeBytes });
  const durable = request.to.durable?.(call);
  if (durable === undefined) return aligned;
  // A writer that places the bytes itself takes whole blocks of both grids; the loop here reads wider than it writes.
  const grid = { alignmentBytes: whole ? alignmentBytes : writeAlignmentBytes, sizeBytes };
  return subtractRanges(aligned, durable, grid);
}

/**
 * Copies extents of a reader to a writer.
 *
 * The writer gets them ascending, merged, widened to both alignments from the same instant, and clipped to the source's
 * size (invariant 7). Zeros become `zero`; ranges that the writer calls durable are left out; a writer with `copyFrom`
 * does the work itself unless `unchanged` is asked for; where the bytes of reader and writer lie at endpoints of the
 * request's driver, its transfers move them. An `ascending` writer gets one call at a time, never back.
 * Memory stays within `windowBytes`. Rejects only when nothing is under way any more: nothing is written after that.
 *
 * Rejects with `RANGE_INVALID` when the destination is too small or the sizes of the request do not fit, with
 * `PROTOCOL_VIOLATION` when the extents are not ascending, with `ABORTED` within one piece of the signal.
 * The caller flushes the writer.
 */
export async function copyBlocks(request: CopyRequest, call: Call = {}): Promise<CopyBlocksResult> {
  throwIfAborted(call.signal, 'copy-blocks');
  const sizes = copyGeometry(request);
  const { stop, release } = stopWith(call.signal);
  const progress = call.onProgress && limitProgress(call.onProgress, request.clock);
  const sum = progress && sumProgress(progress.report);
  const callOf = (): Call => ({ signal: stop.signal, ...(sum && { onProgress: sum.part() }) });
  const inner = callOf();
  const loop = new CopyLoop(request, sizes, callOf());
  const { from, to, pace, driver, unchanged, windowBytes } = request;
  const copyFrom = unchanged === undefined ? to.copyFrom?.bind(to) : undefined;
  let transfer: TransferLoop | undefined;
  try {
    transfer = copyFrom ? undefined : await TransferLoop.open(request, sizes, inner, loop);
    const extents = remaining(request, sizes, copyFrom !== undefined, inner);
    const options: CopyOptions = {
      ...inner,
      ...(pace && { pace }),
      ...(driver && { driver }),
      ...(windowBytes !== undefined && { windowBytes }),
    };
    const result = copyFrom
      ? { ...(await copyFrom(from, extents, options)), bytesUnchanged: 0 }
      : await (transfer ?? loop).copy(extents);
    progress?.flush();
    return result;
  } catch (error) {
    stop.abort(error);
    await transfer?.settled();
    await loop.settled();
    throw call.signal?.aborted === true ? abortedError('copy-blocks', call.signal, error) : error;
  } finally {
    release();
  }
}
