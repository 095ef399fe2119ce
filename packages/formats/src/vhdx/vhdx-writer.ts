import type { FileEndpoint } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { BlockImageWriter } from '../blocks/block-image-writer.ts';
import { GrowingBlocks } from '../blocks/growing-blocks.ts';
import { PagedTable, type Slot } from '../blocks/paged-table.ts';
import { BLOCK_STATE, MIB } from './constants.ts';
import { chunkRatio, type DiskParameters } from './disk-parameters.ts';
import { FixedBlocks } from './fixed-blocks.ts';
import { layoutOf } from './vhdx-layout.ts';
import { writeHeaders, writeTables } from './write-head.ts';

/** What a {@link VhdxWriter} is made of; it owns the handle of a new, empty file. */
export type VhdxWriterOptions = {
  readonly handle: FileHandle;
  readonly disk: DiskParameters;
  readonly endpoint?: FileEndpoint;
};

/** Writes a dynamic or fixed VHDX in any order. Until the first {@link flush} it has no header. */
export class VhdxWriter extends BlockImageWriter {
  constructor({ handle, disk, endpoint }: VhdxWriterOptions) {
    const layout = layoutOf(disk);
    const { sizeBytes, blockBytes, logicalSectorBytes } = disk;
    const table = new PagedTable({ handle, ...layout.bat, fill: 0 });
    const ratio = chunkRatio(disk);
    const entryOffset = (block: number) => (block + Math.floor(block / ratio)) * 8;
    const blocks = Math.ceil(sizeBytes / blockBytes);
    const places = disk.keepsBlocks
      ? new FixedBlocks(handle, table, {
          blocks,
          blockBytes,
          firstOffset: layout.firstBlock,
          entryOffset,
          writeEntry,
        })
      : new GrowingBlocks(handle, table, {
          blockBytes,
          lead: new Uint8Array(),
          firstOffset: layout.firstBlock,
          entryOffset,
          readEntry,
          writeEntry,
          clearEntry: ({ view, at }) => view.setBigUint64(at, 0n, true),
        });
    let isValid = false;
    const complete = async (): Promise<void> => {
      await places.trim((end) => Math.ceil(end / MIB) * MIB);
      if (!isValid) await writeTables(handle, layout, disk);
      // Nothing that is valid already may refer to what is not durable yet.
      if (isValid && table.isDirty) await handle.sync();
      await table.write();
      await handle.sync();
      if (isValid) return;
      await writeHeaders(handle, layout);
      await handle.sync();
      isValid = true;
    };
    super({
      handle,
      sizeBytes,
      alignmentBytes: logicalSectorBytes,
      places,
      complete,
      ...(endpoint && { endpoint }),
    });
  }
}

/** Bits 0–2 are the state, bits 20–63 the place in MiB. */
function readEntry({ view, at }: Slot): number | undefined {
  const low = view.getUint32(at, true);
  if ((low & 7) !== BLOCK_STATE.full) return undefined;
  return (view.getUint32(at + 4, true) * 4096 + (low >>> 20)) * MIB;
}

function writeEntry({ view, at }: Slot, position: number): void {
  const mebibytes = position / MIB;
  view.setUint32(at, (((mebibytes % 4096) << 20) | BLOCK_STATE.full) >>> 0, true);
  view.setUint32(at + 4, Math.floor(mebibytes / 4096), true);
}
