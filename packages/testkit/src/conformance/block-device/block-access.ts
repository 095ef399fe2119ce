import type { BlockReader, BlockWriter, ByteRange } from '@sendense/core';
import { DiskContent } from '../../memory/disk/disk-content.ts';
import { seededBytes } from '../../seeded.ts';

/** Size of the disks of the cases: whole sectors, but no whole number of pages or clusters. */
export const DISK_BYTES = 1024 * 1024 + 3 * 512;

/** A disk with data at its start, across piece borders and at its very end, holes, and written zeros. */
export function sampleContent(sizeBytes = DISK_BYTES): DiskContent {
  const content = new DiskContent(sizeBytes);
  content.write(0, seededBytes(1, 8192));
  content.write(65_536 - 512, seededBytes(2, 70_144));
  content.write(393_216, new Uint8Array(65_536));
  content.write(sizeBytes - 2048, seededBytes(3, 2048));
  return content;
}

type Disk = Pick<BlockReader | BlockWriter, 'sizeBytes' | 'limits'>;

/** `range` widened to what the disk takes. */
export function aligned({ sizeBytes, limits }: Disk, { offset, length }: ByteRange): ByteRange {
  const { alignmentBytes } = limits;
  const start = Math.floor(offset / alignmentBytes) * alignmentBytes;
  const end = Math.min(sizeBytes, Math.ceil((offset + length) / alignmentBytes) * alignmentBytes);
  return { offset: start, length: end - start };
}

/** The grid cell that holds the last byte. */
export function lastCell(disk: Disk): ByteRange {
  return aligned(disk, { offset: disk.sizeBytes - 1, length: 1 });
}

/** An aligned range cut into calls that the disk takes, ascending. */
export function* chunks({ limits }: Disk, range: ByteRange): Generator<ByteRange> {
  const most = Math.max(limits.alignmentBytes, limits.maxBytes - (limits.maxBytes % limits.alignmentBytes));
  const end = range.offset + range.length;
  for (let offset = range.offset; offset < end; offset += most) {
    yield { offset, length: Math.min(most, end - offset) };
  }
}

/** All bytes of an aligned range, in as many reads as it takes. */
export async function readRange(reader: BlockReader, range?: ByteRange): Promise<Uint8Array> {
  const whole = range ?? { offset: 0, length: reader.sizeBytes };
  const bytes = new Uint8Array(whole.length);
  for (const { offset, length } of chunks(reader, whole)) {
    await reader.read(offset, bytes.subarray(offset - whole.offset, offset - whole.offset + length));
  }
  return bytes;
}

/** Writes `data` at an aligned offset, in as many writes as it takes. */
export async function writeRange(writer: BlockWriter, offset: number, data: Uint8Array): Promise<void> {
  for (const chunk of chunks(writer, { offset, length: data.byteLength })) {
    const start = chunk.offset - offset;
    await writer.write(chunk.offset, data.subarray(start, start + chunk.length));
  }
}
