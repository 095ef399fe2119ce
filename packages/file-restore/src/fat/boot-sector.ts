import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';

/** Where things lie on a FAT volume, in bytes. */
export type FatLayout = {
  readonly kind: 'fat12' | 'fat16' | 'fat32';
  readonly label: string;
  /** Eight hexadecimal digits, as Windows shows them. */
  readonly serial: string;
  readonly clusterBytes: number;
  /** Clusters of the data area; they are numbered from 2. */
  readonly clusters: number;
  readonly fatAt: number;
  readonly fatBytes: number;
  readonly dataAt: number;
  /** The root folder: a fixed area, or a chain of clusters (FAT32). */
  readonly root: { readonly at: number; readonly length: number } | { readonly cluster: number };
};

/** Reads a boot sector as "Microsoft FAT Specification" (2005) lays it out. Rejects with `CORRUPT`. */
export async function readFatLayout(source: ByteSource, call?: Call): Promise<FatLayout> {
  const fields = new Fields(await readBytes(source, 0, 512, call));
  const sectorBytes = fields.u16(11);
  const clusterBytes = sectorBytes * fields.u8(13);
  const is32 = fields.u16(22) === 0;
  const fatBytes = (is32 ? fields.u32(36) : fields.u16(22)) * sectorBytes;
  const sizeBytes = (fields.u16(19) || fields.u32(32)) * sectorBytes;
  const fatAt = fields.u16(14) * sectorBytes;
  const rootAt = fatAt + fields.u8(16) * fatBytes;
  const rootBytes = Math.ceil((fields.u16(17) * 32) / Math.max(1, sectorBytes)) * sectorBytes;
  const dataAt = rootAt + rootBytes;
  const clusters = Math.floor((sizeBytes - dataAt) / clusterBytes);
  const isSound =
    [512, 1024, 2048, 4096].includes(sectorBytes) &&
    clusterBytes > 0 &&
    Number.isInteger(Math.log2(clusterBytes)) &&
    fatAt > 0 &&
    fields.u8(16) > 0 &&
    clusters > 0 &&
    clusters < 2 ** 28 &&
    sizeBytes <= source.sizeBytes;
  const kind = is32 ? 'fat32' : clusters < 4085 ? 'fat12' : 'fat16';
  const width = kind === 'fat32' ? 4 : kind === 'fat16' ? 2 : 1.5;
  if (!isSound || fatBytes < Math.floor((clusters + 2) * width))
    throw damaged('the boot sector of a FAT file system contradicts itself, or its volume is too small');
  const extra = is32 ? 64 : 36;
  return {
    kind,
    label: fields
      .text(extra + 7, 11)
      .trimEnd()
      .replace(/^NO NAME$/u, ''),
    serial: fields
      .u32(extra + 3)
      .toString(16)
      .padStart(8, '0'),
    clusterBytes,
    clusters,
    fatAt,
    fatBytes,
    dataAt,
    root: is32 ? { cluster: fields.u32(44) } : { at: rootAt, length: rootBytes },
  };
}
