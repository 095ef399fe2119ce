import type {
  BlockIoDriver,
  BlockReader,
  BlockWriter,
  CopyOptions,
  CopyResult,
  Extent,
  FileEndpoint,
} from '@sendense/core';
import { copyThroughLoop } from '../copy/copy-through-loop.ts';
import type { BlockPlaces } from './block-places.ts';
import { BlockTransfers, ZERO_PIECE_BYTES } from './block-transfers.ts';

/** A copy into an image of blocks. */
export type BlockCopy = {
  readonly places: BlockPlaces;
  readonly sink: Pick<BlockWriter, 'sizeBytes' | 'limits' | 'rewritable' | 'untouched' | 'write' | 'zero'>;
  readonly source: BlockReader;
  /** What a driver writes to. */
  readonly to?: FileEndpoint;
  /** Nothing was written to the image before. */
  readonly isPristine: boolean;
};

/**
 * Copies `extents` of a reader into an image of blocks, as `BlockWriter.copyFrom` asks. The driver of the options moves what
 * the reader can locate, straight into the blocks; everything else goes through the loop.
 */
export async function copyIntoBlocks(
  { places, sink, source, to, isPristine }: BlockCopy,
  extents: AsyncIterable<Extent>,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const { driver } = options;
  const locate = source.locate?.bind(source);
  const loopSink = { ...pick(sink), zeroPieceBytes: ZERO_PIECE_BYTES };
  const loop = (some: AsyncIterable<Extent>, call: CopyOptions) =>
    copyThroughLoop(source, loopSink, some, call);
  const isDriven = to !== undefined && driver?.transfer !== undefined && canWrite(driver, to);
  if (!isDriven || locate === undefined || source.limits.order === 'ascending')
    return await loop(extents, options);
  return await new BlockTransfers(
    { places, zero: loopSink.zero, loop, source, locate, driver, to, isPristine },
    options,
  ).copy(extents);
}

function canWrite(driver: BlockIoDriver, to: FileEndpoint): boolean {
  return driver.supports(to, 'write');
}

/** The members of a writer that a loop needs, without its own placement. */
function pick(sink: BlockCopy['sink']) {
  const { sizeBytes, limits, rewritable, untouched } = sink;
  return {
    sizeBytes,
    limits,
    rewritable,
    untouched,
    write: sink.write.bind(sink),
    zero: sink.zero.bind(sink),
  };
}
