import type { DiskFormat, Finding } from '@sendense/core';
import type { DiskImage } from './disk-image.ts';
import { VhdxImage } from './vhdx/vhdx-image.ts';

/** Bytes of the sectors that a guest sees. */
export type SectorBytes = 512 | 4096;

/** The sectors of a disk: those that a VHDX states, and 512 bytes for every other format, as none of them says. */
export function sectorBytesOf(image: DiskImage): SectorBytes {
  return image instanceof VhdxImage && image.logicalSectorBytes === 4096 ? 4096 : 512;
}

/** Whether files of `format` state the sector size of their disk. */
export function keepsSectorSize(format: DiskFormat): boolean {
  return format === 'vhdx';
}

/** What is to be told of a disk with sectors of `sectorBytes` that becomes a file of `format`; `undefined` when nothing is lost. */
export function lostSectorSize(format: DiskFormat, sectorBytes: SectorBytes): Finding | undefined {
  if (sectorBytes === 512 || keepsSectorSize(format)) return undefined;
  const message = `the disk has sectors of ${sectorBytes} bytes, which ${format} files do not say: attach it as a disk with such sectors, or its partitions are not found`;
  return { severity: 'warning', code: 'sector-size-lost', message };
}
