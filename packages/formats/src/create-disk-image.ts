import type { DiskFormat } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { createDiskImageOptionsSchema } from './options.ts';
import { createQcow2 } from './qcow2/create-qcow2.ts';
import type { Qcow2Writer } from './qcow2/qcow2-writer.ts';
import { createRaw } from './raw/create-raw.ts';
import type { RawWriter } from './raw/raw-writer.ts';
import type { SectorBytes } from './sector-size.ts';
import { subformatOf } from './subformats.ts';
import { createVhd } from './vhd/create-vhd.ts';
import type { VhdFixedWriter } from './vhd/vhd-fixed-writer.ts';
import type { VhdWriter } from './vhd/vhd-writer.ts';
import { createVhdx } from './vhdx/create-vhdx.ts';
import type { VhdxWriter } from './vhdx/vhdx-writer.ts';
import { createVmdk, type VmdkWriter } from './vmdk/create-vmdk.ts';

/** How to make an image of any format. */
export type CreateDiskImageOptions = {
  readonly fileSystem?: FileSystem;
  readonly format: DiskFormat;
  /** One of `SUBFORMATS`; the first of the format when not given. */
  readonly subformat?: string;
  /** Size of the disk in bytes; formats may round it up. */
  readonly sizeBytes: number;
  /** A fixed VHD is to be uploaded to Azure, which takes other sizes than the format; others ignore it. */
  readonly azure?: boolean | undefined;
  /** Sectors that the guest sees, 512 when not given; only VHDX states them, and others ignore it. */
  readonly sectorBytes?: SectorBytes | undefined;
};

/** The writer of a new image. */
export type DiskImageWriter = RawWriter | Qcow2Writer | VmdkWriter | VhdWriter | VhdFixedWriter | VhdxWriter;

/**
 * Creates an image file (mode 0600). Rejects with `ALREADY_EXISTS`, and `CONFIG_INVALID` for wrong options; see
 * the `create…` of each format.
 */
export async function createDiskImage(
  path: string,
  options: CreateDiskImageOptions,
): Promise<DiskImageWriter> {
  const { format, subformat, azure, sectorBytes, ...rest } = options;
  await parseOptions(createDiskImageOptionsSchema, { format }, 'a new disk image');
  const kind = subformatOf(format, subformat);
  if (format === 'raw') return createRaw(path, rest);
  if (format === 'qcow2') return createQcow2(path, { ...rest, ...(kind === 'compressed' && COMPRESSED) });
  if (format === 'vmdk') return createVmdk(path, { ...rest, subformat: subformatOf(format, subformat) });
  if (format === 'vhdx')
    return createVhdx(path, {
      ...rest,
      subformat: subformatOf(format, subformat),
      logicalSectorBytes: sectorBytes,
    });
  const isFixed = kind === 'fixed';
  return createVhd(
    path,
    isFixed ? { ...rest, subformat: 'fixed', azure } : { ...rest, subformat: 'dynamic' },
  );
}

/** What every version of QEMU reads. */
const COMPRESSED = { compression: 'zlib' } as const;
