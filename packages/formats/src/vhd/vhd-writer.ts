import type { FileEndpoint } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { BlockImageWriter } from '../blocks/block-image-writer.ts';
import { GrowingBlocks } from '../blocks/growing-blocks.ts';
import { PagedTable } from '../blocks/paged-table.ts';
import { bitmapBytes } from './block-map.ts';
import { FOOTER_BYTES, HEADER_BYTES, SECTOR_BYTES, UNUSED_BLOCK } from './constants.ts';
import { serializeDynamicHeader } from './dynamic-header.ts';
import { serializeFooter, type VhdFooter } from './footer.ts';

/** What a {@link VhdWriter} is made of; it owns the handle of a new, empty file. */
export type VhdWriterOptions = {
  readonly handle: FileHandle;
  readonly footer: VhdFooter;
  readonly blockBytes: number;
  readonly endpoint?: FileEndpoint;
};

const TABLE_OFFSET = FOOTER_BYTES + HEADER_BYTES;

/** Writes a dynamic VHD in any order. Until the first {@link flush} it has neither header nor footer. */
export class VhdWriter extends BlockImageWriter {
  constructor({ handle, footer, blockBytes, endpoint }: VhdWriterOptions) {
    const sizeBytes = footer.currentBytes;
    const tableEntries = Math.ceil(sizeBytes / blockBytes);
    const length = Math.ceil((tableEntries * 4) / SECTOR_BYTES) * SECTOR_BYTES;
    const table = new PagedTable({ handle, offset: TABLE_OFFSET, length, fill: 0xff });
    const places = new GrowingBlocks(handle, table, blockLayout(blockBytes, TABLE_OFFSET + length));
    let isValid = false;
    const complete = async (): Promise<void> => {
      await places.trim((end) => end + FOOTER_BYTES);
      if (!isValid) {
        await table.write();
        const header = { tableOffset: TABLE_OFFSET, tableEntries, blockBytes };
        await handle.write(serializeDynamicHeader(header), FOOTER_BYTES);
      }
      // Nothing that is valid already may refer to what is not durable yet, and either footer alone makes the file valid.
      if (!isValid || table.isDirty) await handle.sync();
      if (isValid) await table.write();
      else await handle.write(serializeFooter(footer), 0);
      await handle.write(serializeFooter(footer), places.endBytes);
      await handle.sync();
      isValid = true;
    };
    super({
      handle,
      sizeBytes,
      alignmentBytes: SECTOR_BYTES,
      places,
      complete,
      ...(endpoint && { endpoint }),
    });
  }
}

/** Each block begins with a bitmap that says of all its sectors that they are there. */
function blockLayout(blockBytes: number, firstOffset: number) {
  const lead = new Uint8Array(bitmapBytes(blockBytes)).fill(0xff, 0, blockBytes / SECTOR_BYTES / 8);
  return {
    blockBytes,
    lead,
    firstOffset,
    entryOffset: (block: number) => block * 4,
    readEntry: ({ view, at }: { readonly view: DataView; readonly at: number }) => {
      const entry = view.getUint32(at);
      return entry === UNUSED_BLOCK ? undefined : entry * SECTOR_BYTES + lead.byteLength;
    },
    clearEntry: ({ view, at }: { readonly view: DataView; readonly at: number }) =>
      view.setUint32(at, UNUSED_BLOCK),
    writeEntry: ({ view, at }: { readonly view: DataView; readonly at: number }, position: number) =>
      view.setUint32(at, (position - lead.byteLength) / SECTOR_BYTES),
  };
}
