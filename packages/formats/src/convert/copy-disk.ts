import {
  type BlockWriter,
  type Call,
  type CopyBlocksResult,
  copyBlocks,
  type Extent,
  throwIfAborted,
} from '@sendense/core';
import type { DiskImage } from '../disk-image.ts';
import type { ConverterContext } from './context.ts';

/** A disk and where it goes. */
export type DiskCopy = {
  readonly from: DiskImage;
  readonly to: BlockWriter;
  /** What an earlier attempt made durable, from the start of the disk. */
  readonly doneBytes: number;
  /** Called when everything up to there is durable; without it there is one flush, at the end. */
  readonly note?: (doneBytes: number) => Promise<void>;
};

/** Copies what is left of a disk and makes it durable; gives the bytes that were read. */
export async function copyDisk(context: ConverterContext, copy: DiskCopy, call: Call = {}): Promise<number> {
  const { from, to, doneBytes, note } = copy;
  let bytesRead = 0;
  const { sizeBytes } = from;
  const portionBytes = note === undefined ? sizeBytes : context.options.checkpointBytes;
  for (let offset = doneBytes; offset < sizeBytes; offset += portionBytes) {
    throwIfAborted(call.signal, 'convert-file');
    const length = Math.min(portionBytes, sizeBytes - offset);
    const result = await copyPortion(context, copy, from.extents({ offset, length }, call), offset, call);
    bytesRead += result.bytesRead;
    await to.flush(call);
    await note?.(offset + length);
  }
  await to.flush(call);
  return bytesRead;
}

async function copyPortion(
  { options: { drivers } }: ConverterContext,
  { from, to }: DiskCopy,
  extents: AsyncIterable<Extent>,
  before: number,
  { signal, onProgress }: Call,
): Promise<CopyBlocksResult> {
  const driver = drivers.find(({ transfer }) => transfer !== undefined);
  const total = from.sizeBytes;
  return await copyBlocks(
    { from, to, extents, ...(driver && { driver }) },
    {
      ...(signal && { signal }),
      ...(onProgress && {
        onProgress: ({ done, unit }) => onProgress({ done: Math.min(total, before + done), total, unit }),
      }),
    },
  );
}
