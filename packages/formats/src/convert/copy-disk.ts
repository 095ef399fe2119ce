import { type BlockWriter, type Call, copyBlocks, type Extent, throwIfAborted } from '@sendense/core';
import type { DiskImage } from '../disk-image.ts';
import { isResumable, type WriterCheckpoint } from '../writer-checkpoint.ts';
import type { ConverterContext } from './context.ts';

/** A disk and the new image that it goes to, which holds zeros or what an earlier attempt copied of the same disk. */
export type DiskCopy = {
  readonly from: DiskImage;
  readonly to: BlockWriter;
  /** What an earlier attempt made durable, from the start of the disk. */
  readonly doneBytes: number;
  /** Called when everything up to there is durable; without it there is one flush, at the end. */
  readonly note?: (checkpoint: WriterCheckpoint) => Promise<void>;
};

/** Copies what is left of a disk and makes it durable; gives the bytes that were read. */
export async function copyDisk(context: ConverterContext, copy: DiskCopy, call: Call = {}): Promise<number> {
  const { from, to, doneBytes, note } = copy;
  let bytesRead = 0;
  const { sizeBytes } = from;
  const portionBytes = note === undefined ? sizeBytes : portionOf(context, copy);
  for (let offset = doneBytes; offset < sizeBytes; offset += portionBytes) {
    throwIfAborted(call.signal, 'convert-file');
    const length = Math.min(portionBytes, sizeBytes - offset);
    bytesRead += await copyPortion(context, copy, { offset, length }, call);
    if (note === undefined) continue;
    await note({ doneBytes: offset + length, fileBytes: await settle(to, call) });
  }
  await to.flush(call);
  return bytesRead;
}

/** Makes everything written durable; gives how much of the file that takes. */
async function settle(to: BlockWriter, call: Call): Promise<number> {
  if (!isResumable(to)) {
    await to.flush(call);
    return to.sizeBytes;
  }
  await (to.settle?.(call) ?? to.flush(call));
  return to.fileBytes;
}

/** Whole blocks of both grids: a block that is cut would be written twice, which not every writer can. */
function portionOf({ options: { checkpointBytes } }: ConverterContext, { from, to }: DiskCopy): number {
  const grid = Math.max(from.limits.alignmentBytes, to.limits.alignmentBytes);
  return Math.ceil(checkpointBytes / grid) * grid;
}

async function copyPortion(
  { options: { drivers } }: ConverterContext,
  { from, to }: DiskCopy,
  range: { readonly offset: number; readonly length: number },
  { signal, onProgress }: Call,
): Promise<number> {
  const driver = drivers.find((candidate) => candidate.transfer !== undefined);
  const total = from.sizeBytes;
  const data = new DataExtents();
  const { bytesRead } = await copyBlocks(
    { from, to, extents: data.of(from.extents(range, signal && { signal })), ...(driver && { driver }) },
    {
      ...(signal && { signal }),
      ...(onProgress && {
        onProgress: ({ done, unit }) =>
          onProgress({ done: Math.min(total, range.offset + data.zeroBytes + done), total, unit }),
      }),
    },
  );
  return bytesRead;
}

/** Leaves zeros out: a hole of many TiB must not be looked for in the target. */
class DataExtents {
  zeroBytes = 0;

  async *of(extents: AsyncIterable<Extent>): AsyncGenerator<Extent> {
    for await (const extent of extents) {
      if (extent.kind === 'data') yield extent;
      else this.zeroBytes += extent.length;
    }
  }
}
