import {
  type BlockReader,
  type BlockWriter,
  type CopyOptions,
  type CopyResult,
  copyBlocks,
  type Extent,
} from '@sendense/core';
import type { LoopSink } from './copy-sink.ts';

/** Copies `extents` by reading and writing, within the window and the pace of the options. */
export async function copyThroughLoop(
  from: BlockReader,
  sink: LoopSink,
  extents: AsyncIterable<Extent>,
  { pace, windowBytes, signal, onProgress }: CopyOptions,
): Promise<CopyResult> {
  const { bytesRead, bytesWritten, bytesZeroed } = await copyBlocks(
    {
      from,
      to: plainWriter(sink),
      extents,
      // Cluster by cluster, as a driver finds zeros.
      zeroPieceBytes: sink.zeroPieceBytes ?? sink.limits.alignmentBytes,
      ...(pace && { pace }),
      ...(windowBytes !== undefined && { windowBytes }),
    },
    { ...(signal && { signal }), ...(onProgress && { onProgress }) },
  );
  return { bytesRead, bytesWritten, bytesZeroed };
}

/** A writer without placement of its own. Its owner flushes and closes. */
function plainWriter(sink: LoopSink): BlockWriter {
  const { sizeBytes, limits, rewritable, untouched } = sink;
  return {
    sizeBytes,
    limits,
    rewritable,
    untouched,
    write: (offset, data, call) => sink.write(offset, data, call),
    zero: (offset, length, call) => sink.zero(offset, length, call),
    flush: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
