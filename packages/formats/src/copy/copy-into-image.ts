import type {
  BlockIoDriver,
  BlockReader,
  CopyOptions,
  CopyResult,
  Extent,
  FileEndpoint,
} from '@sendense/core';
import type { ClusterPlacer, CopySink } from './copy-sink.ts';
import { copyThroughLoop } from './copy-through-loop.ts';
import { TransferCopy } from './transfer-copy.ts';

/** A copy into an image: the image places, the sink takes what was moved. */
export type ImageCopy = {
  readonly placer: ClusterPlacer;
  readonly sink: CopySink;
  readonly source: BlockReader;
};

/**
 * Copies `extents` of a reader into an image, as `BlockWriter.copyFrom` asks. The driver of the options moves what the
 * reader can locate, straight to the clusters that the image reserves; everything else goes through the loop. The image is
 * the same either way.
 */
export async function copyIntoImage(
  copy: ImageCopy,
  extents: AsyncIterable<Extent>,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const { placer, sink, source } = copy;
  const { driver } = options;
  const locate = source.locate?.bind(source);
  const to = placer.fileEndpoint;
  const reaches = to !== undefined && driver !== undefined && canWrite(driver, to);
  if (!reaches || locate === undefined || source.limits.order === 'ascending')
    return await copyThroughLoop(source, sink, extents, options);
  return await new TransferCopy({ placer, sink, source, locate, driver, to }, options).copy(extents);
}

function canWrite(driver: BlockIoDriver, to: FileEndpoint): boolean {
  return driver.transfer !== undefined && driver.packsZeros === true && driver.supports(to, 'write');
}
